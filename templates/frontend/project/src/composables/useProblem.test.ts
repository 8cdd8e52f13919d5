import { expect, test } from "vitest";

import {
  HttpError,
  NetworkError,
  TimeoutError,
  UnexpectedAnswer,
} from "../api/runtime";
import { useProblem } from "./useProblem";

const answer = (status: number, request = "") =>
  new Response(null, { status, headers: { "x-request-id": request } });

test.each([
  ["no network", new NetworkError(), "The server cannot be reached."],
  ["no answer", new TimeoutError(), "The server takes too long to answer."],
  [
    "a proxy's page that says the server is away",
    new UnexpectedAnswer(answer(502), "<h1>Bad gateway</h1>"),
    "The server cannot be reached.",
  ],
  [
    "a page where JSON should be",
    new UnexpectedAnswer(answer(200), "<h1>Welcome</h1>"),
    "The server gave an answer that makes no sense.",
  ],
  [
    "a failure with a name",
    new HttpError(answer(503, "r-1"), undefined),
    "The server failed. If it happens again, report r-1.",
  ],
  ["a failure", new HttpError(answer(500), undefined), "The server failed."],
])("%s is told", (_what, error, text) => {
  expect(useProblem().describe(error)).toBe(text);
});
