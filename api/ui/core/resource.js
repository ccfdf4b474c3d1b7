/** Reading from the API in components: what was read stays while it is read again, and says how old it is. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

import { api } from "./api.js";

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

  const reload = useCallback(async () => {
    abort.current?.abort();
    const mine = (abort.current = new AbortController());
    setState((old) => ({ ...old, loading: true }));
    try {
      const data = await latest.current(mine.signal);
      if (!mine.signal.aborted) setState({ key, data, error: null, loading: false, loadedAt: Date.now() });
    } catch (error) {
      if (error.name !== "AbortError" && !mine.signal.aborted) {
        const kept = (old) => (old.key === key ? old : { data: null, loadedAt: null });
        setState((old) => ({ ...kept(old), key, error, loading: false }));
      }
    }
  }, [key]);

  useEffect(() => {
    reload();
    return () => abort.current?.abort();
  }, [reload]);

  useEffect(() => {
    if (!every) return undefined;
    const again = () => document.hidden || reload();
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

/** A list, page by page: like useResource, with `items`, and `pager` for <Pager>. Other filters begin at page one. */
export function useList(path, query = {}, options = {}) {
  const filters = JSON.stringify(query);
  const [pages, setPages] = useState({ filters, cursors: [null] });
  const cursors = pages.filters === filters ? pages.cursors : [null];
  const cursor = cursors.at(-1);
  const resource = useDocument(path, { ...query, cursor }, options);
  const next = resource.data?.nextCursor ?? null;
  const pager = {
    page: cursors.length,
    previous: cursors.length > 1 ? () => setPages({ filters, cursors: cursors.slice(0, -1) }) : null,
    next: next ? () => setPages({ filters, cursors: [...cursors, next] }) : null,
  };
  return { ...resource, items: resource.data?.items ?? [], pager };
}

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
