/** In the frame of a preview: shows what the page around it sends. Scripts in it are taken out, and could not run. */
addEventListener("message", (event) => {
  if (event.source !== parent) return;
  const message = new DOMParser().parseFromString(String(event.data), "text/html");
  const unwanted = message.querySelectorAll("script, iframe, object, embed, form, meta, base, link");
  for (const element of unwanted) element.remove();
  for (const element of message.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (name.startsWith("on")) element.removeAttribute(name);
  }
  document.body.replaceChildren(
    ...[...message.head.querySelectorAll("style"), ...message.body.childNodes].map((node) => document.adoptNode(node)),
  );
});
