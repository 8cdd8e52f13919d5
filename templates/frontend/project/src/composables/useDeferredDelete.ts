import { reactive } from "vue";

import { useNoticesStore } from "../stores/notices.store";
import { useMessages } from "./useMessages";
import { useProblem } from "./useProblem";

/** Milliseconds in which a deletion can be taken back. */
export const GRACE = 6_000;

const leaving = new Set<() => Promise<unknown>>();

/** Sends every deletion that is waiting, before whoever asked for it signs out. */
export async function sendDeletions(): Promise<void> {
  await Promise.all([...leaving].map((send) => send()));
}

/**
 * Deletes after a while in which it can be undone: until then nothing has happened on the server.
 *
 * `hidden` are the rows that are on their way out. A page that is left sends what is waiting.
 */
export function useDeferredDelete(
  destroy: (id: string, isLeaving: boolean) => Promise<void>,
  settled: () => void,
) {
  const { t } = useMessages();
  const { describe } = useProblem();
  const notices = useNoticesStore();
  const hidden = reactive(new Set<string>());
  const waiting = new Map<string, { timer: number; drop: () => void }>();

  function remove(id: string, name: string): void {
    hidden.add(id);
    const drop = notices.say({
      text: t("deleted", { name }),
      kind: "done",
      action: { label: t("undo"), run: () => restore(id) },
    });
    const timer = window.setTimeout(() => void send(id), GRACE);
    waiting.set(id, { timer, drop });
  }

  function restore(id: string): void {
    if (forget(id)) hidden.delete(id);
  }

  function forget(id: string): boolean {
    const entry = waiting.get(id);
    if (!entry) return false;
    clearTimeout(entry.timer);
    entry.drop();
    return waiting.delete(id);
  }

  async function send(id: string, isLeaving = false): Promise<void> {
    if (!forget(id)) return;
    try {
      await destroy(id, isLeaving);
    } catch (error) {
      hidden.delete(id);
      notices.say({ text: describe(error), kind: "failed" });
    }
    settled();
  }

  const sendAll = () =>
    Promise.all([...waiting.keys()].map((id) => send(id, true)));
  leaving.add(sendAll);
  window.addEventListener("pagehide", () => void sendAll());
  return { hidden, remove, restore };
}
