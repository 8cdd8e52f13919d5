import { defineStore } from "pinia";
import { ref } from "vue";

export interface Notice {
  id: number;
  text: string;
  kind: "done" | "failed";
  action?: { label: string; run: () => void };
}

/** What is said at the edge of the window, until it is over or taken away. */
export const useNoticesStore = defineStore("notices", () => {
  const notices = ref<Notice[]>([]);
  let last = 0;

  /** Says something; without a time, until somebody takes it away. */
  function say(notice: Omit<Notice, "id">, milliseconds = 0): () => void {
    const id = (last += 1);
    const drop = () => {
      notices.value = notices.value.filter((each) => each.id !== id);
    };
    notices.value.push({ ...notice, id });
    if (milliseconds) setTimeout(drop, milliseconds);
    return drop;
  }

  function drop(id: number): void {
    notices.value = notices.value.filter((each) => each.id !== id);
  }

  return { notices, say, drop };
});
