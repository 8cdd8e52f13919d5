import type { Component } from "vue";
import type { RouteRecordRaw } from "vue-router";

type Load = () => Promise<{ default: Component }>;

/** The pages of a module, each loaded when it is first opened. */
export interface ModulePages {
  list: Load;
  form: Load;
  one: Load;
}

/**
 * The routes of a module, named after it: `orders`, `orders-new`, `orders-one` and `orders-edit`.
 *
 * Where its pages are is loaded with the first of them, so that what every visitor loads hardly grows with a module.
 */
export function moduleRoutes(
  name: string,
  pages: () => Promise<ModulePages>,
): RouteRecordRaw[] {
  const path = `/${name}`;
  const page = (which: keyof ModulePages) => async () =>
    (await pages())[which]();
  return [
    { path, name, component: page("list") },
    { path: `${path}/new`, name: `${name}-new`, component: page("form") },
    {
      path: `${path}/:id`,
      name: `${name}-one`,
      component: page("one"),
      props: true,
    },
    {
      path: `${path}/:id/edit`,
      name: `${name}-edit`,
      component: page("form"),
      props: true,
    },
  ];
}
