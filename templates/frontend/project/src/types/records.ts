import type { Options } from "../api/runtime";

/** A row that can be chosen, and what it is called. */
export interface Choice {
  id: string;
  name: string;
}

/** The rows of another module, to choose from and to name; `page` is the route of one of them. */
export interface Records {
  key: readonly string[];
  page: string;
  search: (words: string, options: Options) => Promise<Choice[]>;
  name: (id: string, options: Options) => Promise<string>;
}
