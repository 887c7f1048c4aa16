import type { Person } from "./fixtures";

/** A couple with something on every screen. */
export async function lived([mara, jonas]: [Person, Person]) {
  const say = (person: Person, path: string, data: object) =>
    person.page.request.post(path, { data, headers: { Authorization: `Bearer ${person.token}` } });
  await say(jonas, "/v1/notes", { channel: "partner", content: "Meet me by the river after work. I bring the bread." });
  await say(mara, "/v1/notes", {
    channel: "partner",
    title: "For the train",
    content: "Look out of the window at ten.",
  });
  const { id } = await (await say(mara, "/v1/conversations", { member_id: (await memberId(jonas)) ?? "" })).json();
  for (const [person, content] of [
    [jonas, "Train's late again. Save me soup?"],
    [mara, "Already in a pot. Bring bread."],
  ] as const) {
    await say(person, `/v1/conversations/${id}/messages`, { client_id: crypto.randomUUID(), kind: "text", content });
  }
}

async function memberId(person: Person): Promise<string | undefined> {
  const me = await person.page.request.get("/v1/me", { headers: { Authorization: `Bearer ${person.token}` } });
  return (await me.json()).id;
}
