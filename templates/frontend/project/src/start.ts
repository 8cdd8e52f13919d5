import type { Router } from "vue-router";

/** What is settled before the first page is shown, such as who may see which page. */
export const starts: ((router: Router) => void)[] = [];

/** What is done when a call fails, beside what its page says. */
export const failures: ((error: unknown) => void)[] = [];
