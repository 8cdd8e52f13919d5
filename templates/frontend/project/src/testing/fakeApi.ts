/** A server for tests: answers what a test says, and remembers what it was asked. */
import { PiniaColada } from "@pinia/colada";
import { mount } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { createMemoryHistory, createRouter } from "vue-router";
import type { Router } from "vue-router";

import App from "../App.vue";
import { routes } from "../router";
import { connect } from "../services/api.service";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

type Answer = { status?: number; body?: unknown };
type Server = (asked: Asked) => Answer | Promise<Answer>;

/** Lets the client talk to a function instead of a server; returns what it was asked, in order. */
export function serve(answer: Server): Asked[] {
  const all: Asked[] = [];
  connect(
    { token: () => undefined },
    {
      retries: 0,
      fetch: async (input, init) => {
        const url = new URL(String(input), "http://localhost");
        const asked: Asked = {
          method: init?.method ?? "GET",
          path: url.pathname.replace(/^\/api/, ""),
          query: url.searchParams,
          body: init?.body ? JSON.parse(String(init.body)) : undefined,
          headers: new Headers(init?.headers),
        };
        all.push(asked);
        const { status = 200, body } = await answer(asked);
        return new Response(body === undefined ? null : JSON.stringify(body), {
          status,
          headers: { "content-type": "application/json" },
        });
      },
    },
  );
  return all;
}

/** An error as the API words it, by its code. */
export function problem(status: number, code: string): Answer {
  return { status, body: { status, code, detail: code, errors: [] } };
}

/** The body of an error about values, as the API words it. */
export function refusal(errors: Record<string, string>, status = 422): Answer {
  const found = Object.entries(errors).map(([name, message]) => ({
    pointer: `/${name}`,
    code: "refused",
    message,
  }));
  return { status, body: { status, detail: "refused", errors: found } };
}

/** Opens the application at an address; `starts` are what is settled before, nothing unless it is said. */
export async function open(
  path: string,
  starts: readonly ((router: Router) => void)[] = [],
) {
  const router = createRouter({ history: createMemoryHistory(), routes });
  const pinia = createPinia();
  setActivePinia(pinia);
  for (const start of starts) start(router);
  await router.push(path);
  await router.isReady();
  const app = mount(App, {
    attachTo: document.body,
    global: { plugins: [pinia, PiniaColada, router] },
  });
  return { app, router };
}

/** A page of a list with these rows. */
export function pageOf<Row>(data: Row[], total = data.length) {
  return { data, total, page: 1, limit: 20, totalPages: Math.ceil(total / 20) };
}
