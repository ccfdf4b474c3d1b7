/** Starts the web UI. */
import { render } from "preact";

import { Shell } from "./components/frame/shell.js";
import { html } from "./core/html.js";
import { applyTheme } from "./core/theme.js";

applyTheme();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${Shell} />`, root);
