import { nextTick } from "vue";

/** Where the focus goes when what had it is gone: to the content, not to the start of the page. */
export async function keepFocus(): Promise<void> {
  await nextTick();
  const { activeElement, body } = document;
  if (!activeElement || activeElement === body)
    document.getElementById("content")?.focus();
}
