/** Signing in with a token, and reading who it is. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { beginSession, endSession, endedBecause, me, token } from "../core/session.js";
import { Failure, Note } from "./basics.js";
import { TextField } from "./fields.js";

export function SignIn() {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState(null);
  const form = useRef(null);
  const asking = Boolean(token.value && !error);
  const read = async () => {
    setError(null);
    try {
      me.value = await api.get("me");
    } catch (fault) {
      setError(fault);
    }
  };
  useEffect(() => {
    if (token.value && !me.value) read();
  }, [token.value]);
  useLayoutEffect(() => {
    if (!asking) form.current.querySelector("input").focus();
  }, [asking, error]);
  const submit = (event) => {
    event.preventDefault();
    if (/[^\x21-\x7e]/.test(typed.trim()) || !typed.trim()) {
      return setError(new Error("Paste the whole token: it has letters, digits and _ or -, and no spaces."));
    }
    return token.value === typed.trim() ? read() : beginSession(typed.trim());
  };
  const forget = () => {
    endSession();
    setError(null);
  };
  if (asking) return html`<main class="sign-in"><p aria-busy="true">Signing in…</p></main>`;
  return html`<main class="sign-in">
    <h1>Unified Scheduler</h1>
    <form ref=${form} onSubmit=${submit} class="card" aria-label="Sign in">
      ${!error && endedBecause.value && html`<${Note} tone="warn">${endedBecause.value}<//>`}
      ${error && html`<${Failure} error=${error} retry=${token.value ? read : null} />`}
      <${TextField} label="Token" type="password" autocomplete="current-password" required
        value=${typed} onInput=${setTyped}
        help="An administrator makes it under Administration, or with: unified-scheduler token create" />
      <div class="actions end">
        ${token.value && html`
          <button type="button" class="secondary outline" onClick=${forget}>Use another token</button>
        `}
        <button type="submit">Sign in</button>
      </div>
    </form>
  </main>`;
}
