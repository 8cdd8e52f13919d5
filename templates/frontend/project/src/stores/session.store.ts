import { defineStore } from "pinia";
import { ref } from "vue";

/**
 * Who is signed in. Without authentication nobody has to be: there is no token, and everything is allowed.
 *
 * `permissions` are words such as `orders:create`; `undefined` stands for all of them. `problem` is what went wrong when
 * it was asked who is signed in: until that is known, it stands where the page would.
 */
export const useSessionStore = defineStore("session", () => {
  const token = ref<string>();
  const permissions = ref<readonly string[]>();
  const problem = ref<unknown>();

  /** Gets a new token after the API has refused the old one; false when there is none to be had. */
  async function refresh(): Promise<boolean> {
    return false;
  }

  /** Forgets who was signed in; what is being typed stays on the page. */
  function signedOut(): void {
    token.value = undefined;
  }

  return { token, permissions, problem, refresh, signedOut };
});
