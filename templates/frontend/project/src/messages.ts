/**
 * The texts of the frame and of what all pages share, in every language. Those of a module come with its pages, and
 * those about what went wrong are in messages.problems.ts, so that the first page needs to load neither.
 */

const en = {
  add: "Add",
  all: "All",
  back: "Back",
  cancel: "Cancel",
  clear: "Clear filters",
  close: "Close",
  create: "New",
  "create.one": "New {name}",
  delete: "Delete",
  "delete.ask": "Delete {name}?",
  "delete.explain": "You can take it back for a few seconds.",
  deleted: "“{name}” was deleted.",
  edit: "Edit",
  "edit.one": "Edit {name}",
  "empty.filtered": "Nothing matches.",
  "empty.first": "Nothing here yet.",
  from: "{name} from",
  home: "Home",
  "home.text": "Choose where to start.",
  keep: "Leave empty to keep it.",
  language: "Language",
  loading: "Loading…",
  main: "Main",
  menu: "Menu",
  missing: "This page does not exist.",
  no: "No",
  "none.found": "Nothing found.",
  optional: "optional",
  page: "Page {page} of {pages}",
  "page.next": "Next page",
  "page.previous": "Previous page",
  pages: "Pages",
  remove: "Remove {name}",
  retry: "Try again",
  save: "Save",
  saved: "Saved.",
  saving: "Saving…",
  search: "Search",
  skip: "Skip to the content",
  "sort.by": "Sort by {name}",
  to: "{name} to",
  total: "{total} in all",
  undo: "Undo",
  yes: "Yes",
};

const es: Record<keyof typeof en, string> = {
  add: "Añadir",
  all: "Todos",
  back: "Volver",
  cancel: "Cancelar",
  clear: "Quitar filtros",
  close: "Cerrar",
  create: "Crear",
  "create.one": "Crear {name}",
  delete: "Eliminar",
  "delete.ask": "¿Eliminar {name}?",
  "delete.explain": "Puedes deshacerlo durante unos segundos.",
  deleted: "Se ha eliminado «{name}».",
  edit: "Editar",
  "edit.one": "Editar {name}",
  "empty.filtered": "No hay coincidencias.",
  "empty.first": "Aún no hay nada.",
  from: "{name} desde",
  home: "Inicio",
  "home.text": "Elige por dónde empezar.",
  keep: "Déjalo vacío para conservarlo.",
  language: "Idioma",
  loading: "Cargando…",
  main: "Principal",
  menu: "Menú",
  missing: "Esta página no existe.",
  no: "No",
  "none.found": "No se ha encontrado nada.",
  optional: "opcional",
  page: "Página {page} de {pages}",
  "page.next": "Página siguiente",
  "page.previous": "Página anterior",
  pages: "Páginas",
  remove: "Quitar {name}",
  retry: "Reintentar",
  save: "Guardar",
  saved: "Guardado.",
  saving: "Guardando…",
  search: "Buscar",
  skip: "Saltar al contenido",
  "sort.by": "Ordenar por {name}",
  to: "{name} hasta",
  total: "{total} en total",
  undo: "Deshacer",
  yes: "Sí",
};

/** What modules are called, for the navigation. */
const titlesEn = {};

const titlesEs: Record<keyof typeof titlesEn, string> = {};

const all = { en: { ...en, ...titlesEn }, es: { ...es, ...titlesEs } };

export type Language = keyof typeof all;

/** The texts there are. Each module says which ones it adds, so that a wrong key is a type error everywhere. */
export interface Texts extends Record<keyof (typeof all)["en"], string> {}

export type MessageKey = keyof Texts;

export const messages: Record<Language, Record<string, string>> = all;

export const languages = Object.keys(messages) as Language[];

/** Adds the texts of a module when its pages are loaded; each text is there in every language. */
export function addMessages<Key extends string>(
  texts: Record<Language, Record<Key, string>>,
): void {
  for (const each of languages) Object.assign(messages[each], texts[each]);
}
