/** The types of what the API receives and answers, generated from it. */
export type * from "../api/schemas";
