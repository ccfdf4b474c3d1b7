/** Reading from the API in components: what was read stays while it is read again, and says how old it is. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api } from "./api.js";
import { place, refine, turnPage } from "./router.js";

const COUNT_EVERY_MS = 60_000;

/**
 * {data, error, loading, loadedAt, reload, setData} of `load(abortSignal)`.
 * key: what is read, as text; another key begins anew.
 * every: milliseconds until it is read again while the page is seen; 0: never by itself.
 */
export function useResource(key, load, { every = 0 } = {}) {
  const [state, setState] = useState({ key, data: null, error: null, loading: true, loadedAt: null });
  const latest = useRef(load);
  latest.current = load;
  const abort = useRef(null);
  const reading = useRef(false);

  const reload = useCallback(async () => {
    abort.current?.abort();
    const mine = (abort.current = new AbortController());
    setState((old) => ({ ...old, loading: true }));
    reading.current = true;
    try {
      const data = await latest.current(mine.signal);
      if (!mine.signal.aborted) setState({ key, data, error: null, loading: false, loadedAt: Date.now() });
    } catch (error) {
      if (error.name !== "AbortError" && !mine.signal.aborted) {
        const kept = (old) => (old.key === key ? old : { data: null, loadedAt: null });
        setState((old) => ({ ...kept(old), key, error, loading: false }));
      }
    } finally {
      if (abort.current === mine) reading.current = false;
    }
  }, [key]);

  useEffect(() => {
    reload();
    return () => abort.current?.abort();
  }, [reload]);

  useEffect(() => {
    if (!every) return undefined;
    const again = () => document.hidden || reading.current || reload(); // a slow answer is waited for
    const timer = setInterval(again, every);
    document.addEventListener("visibilitychange", again);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", again);
    };
  }, [reload, every]);

  const current = state.key === key ? state : { key, data: null, error: null, loading: true, loadedAt: null };
  const setData = (data) => setState((old) => ({ ...old, data }));
  return { ...current, reload, setData };
}

/** useResource of GET `path` with `query`. path null: nothing is read. */
export function useDocument(path, query = {}, options = {}) {
  const key = `${path}?${JSON.stringify(query)}`;
  return useResource(key, (signal) => (path === null ? null : api.get(path, query, signal)), options);
}

/**
 * A list, page by page: like useResource, with `items`, and `pager` for <Pager>. Other filters begin at page one.
 * inAddress: the page is in the address, for the one list of a screen whose cursors say nothing about people.
 */
export function useList(path, query = {}, { inAddress = false, ...options } = {}) {
  const { trail, page, turn } = (inAddress ? usePagesOfAddress : useOwnPages)(JSON.stringify(query));
  const cursor = trail.at(-1) ?? null;
  const resource = useDocument(path, { ...query, cursor }, options);
  const next = resource.data?.nextCursor ?? null;
  const pager = {
    page,
    previous: page > 1 ? () => turn(trail.slice(0, -1)) : null,
    next: next ? () => turn([...trail, next]) : null,
  };
  return { ...resource, items: resource.data?.items ?? [], pager };
}

/** The cursors of the pages after the first, the last one being that of the page that is shown. */
function useOwnPages(filters) {
  const [pages, setPages] = useState({ filters, trail: [] });
  const trail = pages.filters === filters ? pages.trail : [];
  return { trail, page: trail.length + 1, turn: (turned) => setPages({ filters, trail: turned }) };
}

/** Of an address that somebody shared only the last one is known: before it comes the first page. */
function usePagesOfAddress() {
  const { query, trail } = place.value;
  const known = query.after ? trail ?? [query.after] : [];
  const told = Number.parseInt(query.page, 10) || 2;
  return { trail: known, page: known.length === 0 ? 1 : trail ? known.length + 1 : told, turn: turnPage };
}

/** [typed, type(text)] of a search: in the address as `q` when the typing rests. Never for a search for people. */
export function useSearch() {
  const asked = place.value.query.q ?? "";
  const written = useRef(asked);
  const [typed, setTyped] = useState(asked);
  const settled = useSettled(typed.trim());
  useEffect(() => {
    if (settled === written.current) return;
    written.current = settled;
    refine({ q: settled });
  }, [settled]);
  useEffect(() => {
    if (asked === written.current) return;
    written.current = asked;
    setTyped(asked);
  }, [asked]);
  return [typed, setTyped];
}

/** How many fit: {count, more} of GET `path`; null while nobody knows. */
export const useCount = (path, query) => useDocument(path, query, { every: COUNT_EVERY_MS }).data;

/** `value`, once it has not changed for so long: what is typed asks the API when the typing rests. */
export function useSettled(value, ms = 300) {
  const [settled, setSettled] = useState(value);
  const text = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return settled;
}
