/** Signing in with a token, and reading who it is. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { api } from "../../core/api.js";
import { html } from "../../core/html.js";
import { admit, beginSession, endedBecause, lost, loseSession, me, token } from "../../core/session.js";
import { Failure, Note } from "../basics.js";
import { Dialog } from "../dialog.js";
import { TextField } from "../forms/fields.js";

export const SignIn = () => html`
  <main class="sign-in"><${SignInForm} class="card"><h1>Unified Scheduler</h1><//></main>
`;

/** Over the screen of somebody whose token was refused. */
export const SignInAgain = () => html`<${Dialog} title="Sign in again" class="veil">
  <${SignInForm}>
    <p>
      What you typed is kept. Sign in as <strong>${me.value.name}</strong> and go on where you were; whoever else signs
      in begins anew.
    </p>
  <//>
<//>`;

function SignInForm({ class: name, children }) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState(null);
  const form = useRef(null);
  const asking = Boolean(token.value && !error);
  const read = async () => {
    setError(null);
    try {
      admit(await api.me());
    } catch (fault) {
      setError(fault);
    }
  };
  useEffect(() => {
    if (token.value && (!me.value || lost.value)) read();
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
    loseSession();
    setError(null);
  };
  if (asking) return html`<p aria-busy="true">Signing in…</p>`;
  return html`
    ${children}
    <form ref=${form} class=${name} onSubmit=${submit} aria-label="Sign in">
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
  `;
}
