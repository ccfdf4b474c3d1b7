/** Libraries that are scripts, not modules: loaded when a screen first needs them. */
const loading = new Map();

/** Resolves with the global that the script of vendor/ sets. */
export function library(file, name) {
  if (!loading.has(file)) {
    loading.set(
      file,
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(`../vendor/${file}`, import.meta.url).href;
        script.onload = () => resolve(globalThis[name]);
        script.onerror = () => {
          loading.delete(file);
          reject(new Error(`${file} cannot be loaded.`));
        };
        document.head.append(script);
      }),
    );
  }
  return loading.get(file);
}

/** A style sheet of vendor/, once. */
export function styles(file) {
  if (loading.has(file)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`../vendor/${file}`, import.meta.url).href;
  loading.set(file, link);
  document.head.append(link);
}
