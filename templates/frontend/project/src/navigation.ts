import type { Component } from "vue";

import type { MessageKey } from "./messages";

/** A place in the navigation: the name of its route, its text, and what one must be allowed to do to see it. */
export interface Place {
  to: string;
  label: MessageKey;
  permission?: string;
}

export const navigation: Place[] = [];

/** What stands at the end of the header, each loaded by itself. */
export const corner: (() => Promise<{ default: Component }>)[] = [];
