import {
  HttpError,
  NetworkError,
  TimeoutError,
  UnexpectedAnswer,
} from "../api/runtime";
import { messages } from "../messages";
import type { MessageKey } from "../messages";
import "../messages.problems";
import type { FieldProblem, Problem } from "../types";
import { useMessages } from "./useMessages";

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "errors" in body;
}

/** Tells whether a proxy says that the server is away; what the server itself says has the name of the request. */
function isGateway(error: unknown): boolean {
  return (
    error instanceof HttpError &&
    [502, 503, 504].includes(error.status) &&
    !error.requestId
  );
}

/** What went wrong, in the words of the person who reads it. */
export function useProblem() {
  const { t } = useMessages();

  /** Names one value that was refused: by its code where there are words for it, else as the API says it. */
  function explain(problem: FieldProblem): string {
    const key = `error.${problem.code}`;
    return key in messages.en ? t(key as MessageKey) : problem.message;
  }

  /** Returns the values that were refused, by the name of the field. */
  function fields(error: unknown): Map<string, string> {
    const body = error instanceof HttpError ? error.body : undefined;
    const found = isProblem(body) ? body.errors : [];
    return new Map(
      found.map((each) => [each.pointer.split("/")[1] ?? "", explain(each)]),
    );
  }

  /** Says in a sentence what happened and what can be done. */
  function describe(error: unknown): string {
    if (error instanceof TimeoutError) return t("problem.timeout");
    if (error instanceof NetworkError || isGateway(error))
      return t("problem.network");
    if (error instanceof UnexpectedAnswer || !(error instanceof HttpError))
      return t("problem.unexpected");
    const key = isProblem(error.body) ? `problem.${error.body.code}` : "";
    if (key in messages.en) return t(key as MessageKey);
    if (error.status === 401) return t("problem.401");
    if (error.status === 403) return t("problem.403");
    if (error.status === 404) return t("problem.404");
    if (error.status === 429) return t("problem.429");
    if (error.status >= 500)
      return error.requestId
        ? t("problem.500", { request: error.requestId })
        : t("problem.5XX");
    return isProblem(error.body) ? error.body.detail : t("problem.unexpected");
  }

  return { describe, fields };
}
