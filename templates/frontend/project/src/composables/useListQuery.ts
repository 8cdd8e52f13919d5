import { computed, ref, watch } from "vue";
import { useRoute, useRouter } from "vue-router";

interface Paging {
  page?: number;
  limit?: number;
  sort?: string;
  search?: string;
}

type Readers<Query> = {
  [Name in keyof Omit<Query, keyof Paging | "total">]?: (
    text: string,
  ) => Query[Name] | undefined;
};

/** Reads a filter that is text as it stands. */
export const text = (value: string): string => value;

/** Reads a filter that is true or false. */
export const flag = (value: string): boolean => value === "true";

/** Reads a filter that is one of some words; another one filters nothing. */
export function oneOf<Word extends string>(words: readonly Word[]) {
  return (value: string): Word | undefined =>
    words.find((each) => each === value);
}

const PAUSE = 250;

/**
 * What a list shows, kept in the address: a copied link, the back button and a reload all show the same list.
 *
 * `readers` are the filters that the page offers, each with what reads it.
 */
export function useListQuery<Query extends Paging>(
  sorted: string,
  readers: Readers<Query>,
) {
  const route = useRoute();
  const router = useRouter();
  const word = (name: string) => {
    const found = route.query[name];
    return (Array.isArray(found) ? found[0] : found) ?? "";
  };

  const sort = computed(() => word("sort") || sorted);
  const page = computed(() => Math.max(1, Number.parseInt(word("page")) || 1));

  const query = computed(() => {
    const found: Record<string, unknown> = { page: page.value };
    if (sort.value) found.sort = sort.value;
    if (word("search")) found.search = word("search");
    for (const [name, read] of Object.entries(readers)) {
      const value = word(name)
        ? (read as (text: string) => unknown)(word(name))
        : undefined;
      if (value !== undefined) found[name] = value;
    }
    return found as Query;
  });

  const isFiltered = computed(() =>
    ["search", ...Object.keys(readers)].some((name) => word(name)),
  );

  function change(words: Record<string, string>, replace = false) {
    const next = { ...route.query, ...words };
    const kept = Object.entries(next).filter(([, value]) => value);
    const target = { query: Object.fromEntries(kept) };
    return replace ? router.replace(target) : router.push(target);
  }

  const search = ref(word("search"));
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(search, (words) => {
    clearTimeout(timer);
    if (words === word("search")) return;
    timer = setTimeout(() => change({ search: words, page: "" }, true), PAUSE);
  });
  watch(
    () => word("search"),
    (words) => (search.value = words),
  );

  return {
    query,
    page,
    sort,
    search,
    isFiltered,
    filter: (name: keyof Readers<Query> & string) => word(name),
    setFilter: (name: keyof Readers<Query> & string, value: string) =>
      change({ [name]: value, page: "" }),
    goTo: (next: number) => change({ page: next > 1 ? String(next) : "" }),
    sortBy: (field: string) =>
      change({ sort: sort.value === field ? `-${field}` : field, page: "" }),
    clear: () => router.push({ query: {} }),
  };
}
