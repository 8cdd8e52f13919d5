import type { Component } from "vue";

import type { MessageKey } from "./messages";

/** A place in the navigation: the name of its route, its text, and what one must be allowed to do to see it. */
export interface Place {
  to: string;
  label: MessageKey;
  permission?: string;
}

export const navigation: Place[] = [];

type Load = () => Promise<{ default: Component }>;

/** What stands at the end of the header, each loaded by itself. */
export const corner: Load[] = [];

/** What may lie above every page, such as a question that cannot wait. */
export const overlays: Load[] = [];
