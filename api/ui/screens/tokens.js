/** Tokens of the API: made once, shown once, revoked for good. */
import { useState } from "preact/hooks";

import { Badge, Empty, Head, Moment } from "../components/basics.js";
import { ActionButton, ask, attempt } from "../components/dialog.js";
import { DataTable } from "../components/table.js";
import { NewToken } from "../components/new_token.js";
import { api } from "../core/api.js";
import { html } from "../core/html.js";
import { useList } from "../core/resource.js";
import { me } from "../core/session.js";

export default function Tokens() {
  const list = useList("admin/tokens");
  const [making, setMaking] = useState(false);
  const create = html`<button type="button" onClick=${() => setMaking(true)}>New token</button>`;
  return html`
    <${Head} title="Tokens" about="Each person and program has its own, with the least it needs.">${create}<//>
    <${DataTable} caption="Tokens" columns=${columns(list.reload)}
      list=${list} csvName="tokens" empty=${html`<${Empty} title="No token">${create}<//>`} />
    ${making && html`<${NewToken} made=${list.reload} onClose=${() => setMaking(false)} />`}
  `;
}

const columns = (reload) => [
  {
    label: "Name",
    cell: (token) => html`
      <bdi>${token.name}</bdi>
      ${token.id === me.value.id && html`<br /><small class="muted">you use it now</small>`}
    `,
    csv: (token) => token.name,
  },
  {
    label: "Role",
    cell: (token) => html`<span title=${token.permissions?.join(", ")}>${token.role}</span>`,
    csv: (token) => token.role,
  },
  {
    label: "State",
    cell: (token) => html`<${Badge} state=${token.state ?? "quarantined"} />`,
    csv: (token) => token.state,
  },
  {
    label: "Last used",
    cell: (token) => html`<${Moment} at=${token.lastUsedAt} empty="never" />`,
    csv: (token) => token.lastUsedAt,
  },
  {
    label: "Expires",
    cell: (token) => html`<${Moment} at=${token.expiresAt} empty="never" />`,
    csv: (token) => token.expiresAt,
  },
  {
    label: "Made",
    cell: (token) => html`<${Moment} at=${token.createdAt} /><br /><small class="muted">by ${token.createdBy}</small>`,
    csv: (token) => token.createdAt,
    narrow: false,
  },
  {
    label: "Revoke",
    cell: (token) => token.state === "valid" && html`
      <${ActionButton} class="small outline danger" aria-label=${`Revoke ${token.name}`}
          onClick=${() => revoke(token, reload)}>
        Revoke
      <//>
    `,
  },
];

async function revoke(token, reload) {
  const own = token.id === me.value.id ? " It is the one that you use now: you are signed out." : "";
  const text = `The next request with “${token.name}” is refused. This cannot be undone.${own}`;
  if (!(await ask({ title: "Revoke this token?", text, yes: "Revoke", danger: true }))) return;
  await attempt(async () => {
    await api.remove(`admin/tokens/${token.id}`, token.revision);
    await reload();
  }, `“${token.name}” is revoked.`);
}
