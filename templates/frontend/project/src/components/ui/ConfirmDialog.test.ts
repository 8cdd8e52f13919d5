import { mount } from "@vue/test-utils";
import type { VueWrapper } from "@vue/test-utils";
import { afterEach, expect, test, vi } from "vitest";

import ConfirmDialog from "./ConfirmDialog.vue";

let app: VueWrapper | undefined;

/** Shows a dialog that says `close` only when `tell` is called: browsers say it later than they close it, too. */
function show() {
  const page = mount(ConfirmDialog, { attachTo: document.body });
  app = page;
  const { element } = page.get("dialog");
  let late = 0;
  vi.spyOn(element, "close").mockImplementation(
    (word = element.returnValue) => {
      element.open = false;
      element.returnValue = word;
      late += 1;
    },
  );
  function tell(): void {
    for (; late; late -= 1) element.dispatchEvent(new Event("close"));
  }
  return { element, tell, ask: page.vm.ask };
}

afterEach(() => app?.unmount());

test.each([
  ["yes", true],
  ["no", false],
  [undefined, false], // Escape
])("a question that is closed with %s is answered", async (word, isYes) => {
  const { element, tell, ask } = show();
  const answer = ask("Delete A?");
  expect(element.open).toBe(true);
  element.close(word);
  tell();
  expect(await answer).toBe(isYes);
});

test.each([
  ["yes", true],
  [undefined, false],
])(
  "a question is not answered by the end of the one before: %s",
  async (word, isYes) => {
    const { element, tell, ask } = show();
    const first = ask("Delete A?");
    element.close(word);
    const second = ask("Delete B?");
    tell();
    expect(element.open).toBe(true);
    element.close(isYes ? "no" : "yes");
    tell();
    expect(await Promise.all([first, second])).toEqual([isYes, !isYes]);
  },
);
