import { defineStore } from "pinia";
import { ref, shallowRef } from "vue";
import type { RouteLocationNormalized } from "vue-router";

/** Why it is not known who is signed in, and the page that was wanted: what went wrong stands where that would. */
export interface Obstacle {
  error: unknown;
  to: Pick<RouteLocationNormalized, "path" | "query" | "hash">;
}

/**
 * Who is signed in. Without authentication nobody has to be: there is no token, and everything is allowed.
 *
 * `permissions` are words such as `orders:create`; `undefined` stands for all of them.
 */
export const useSessionStore = defineStore("session", () => {
  const token = ref<string>();
  const permissions = ref<readonly string[]>();
  const obstacle = shallowRef<Obstacle>();

  /** Gets a new token after the API has refused the old one; false when there is none to be had. */
  async function refresh(): Promise<boolean> {
    return false;
  }

  /** Forgets who was signed in; what is being typed stays on the page. */
  function signedOut(): void {
    token.value = undefined;
  }

  return { token, permissions, obstacle, refresh, signedOut };
});
