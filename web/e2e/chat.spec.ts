import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const say = async (page: Page, text: string) => {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.keyboard.press("Enter");
};

const line = (page: Page, text: string) => page.getByTestId("message").filter({ hasText: text });

async function open(page: Page) {
  await page.goto("/chat");
  await expect(page).toHaveURL(/\/chat\/cnv_/);
  await expect(page.getByRole("textbox", { name: "Message", exact: true })).toBeVisible();
}

test("words go there and back, with receipts, typing, reactions and quotes", async ({ couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await open(mara);
  await say(mara, "Train's late again. Save me soup?");
  await expect(mara.getByTestId("receipt").last()).toHaveText(/arrived|sent/);
  // A badge at home, before the chat is opened.
  await expect(jonas.getByRole("link", { name: /Chat 1 unread message/ })).toBeVisible();
  await open(jonas);
  await expect(line(jonas, "Save me soup?")).toBeVisible();
  await jonas.bringToFront();
  await expect(mara.getByTestId("receipt").last()).toHaveText("seen");
  await expect(jonas.getByRole("link", { name: "Chat", exact: true })).toBeVisible();

  await jonas.getByRole("textbox", { name: "Message", exact: true }).pressSequentially("Already in a pot");
  await expect(mara.getByText("Jonas is writing…").first()).toBeVisible();
  await jonas.keyboard.press("Enter");
  await expect(line(mara, "Already in a pot")).toBeVisible();
  await expect(mara.getByText("Jonas is writing…")).toHaveCount(0);

  await line(mara, "Already in a pot").getByRole("button", { name: "More actions" }).click();
  await mara.getByRole("menuitem", { name: "React with ❤️" }).click();
  await expect(line(jonas, "Already in a pot").getByRole("button", { name: "❤️" })).toBeVisible();

  await line(jonas, "Save me soup?").getByRole("button", { name: "More actions" }).click();
  await jonas.getByRole("menuitem", { name: "Reply" }).click();
  await say(jonas, "Bring bread.");
  await expect(line(mara, "Bring bread.")).toContainText("Train's late again");

  await line(jonas, "Bring bread.").getByRole("button", { name: "More actions" }).last().click();
  await jonas.getByRole("menuitem", { name: "Edit" }).click();
  await jonas.getByRole("dialog").getByLabel("Message").fill("Bring rye bread.");
  await jonas.getByRole("button", { name: "Save", exact: true }).click();
  await expect(line(mara, "Bring rye bread.")).toContainText("edited");

  await line(jonas, "Bring rye bread.").getByRole("button", { name: "More actions" }).click();
  await jonas.getByRole("menuitem", { name: "Delete" }).click();
  await jonas.getByRole("button", { name: "Delete for both" }).click();
  await expect(mara.getByText("This message was deleted.")).toBeVisible();

  await line(mara, "Save me soup?").getByRole("button", { name: "More actions" }).click();
  await mara.getByRole("menuitem", { name: "Pin for a week" }).click();
  await expect(jonas.getByRole("button", { name: /^Pinned/ })).toBeVisible();
  await mara.getByRole("button", { name: "Search in this chat" }).click();
  await mara.getByRole("searchbox").fill("soup");
  await expect(mara.getByRole("button", { name: /soup/ }).last()).toBeVisible();
});

test("nothing is lost when the server is killed and comes back", async ({ server, couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await open(mara);
  await open(jonas);
  await say(mara, "before");
  await expect(line(jonas, "before")).toBeVisible();
  await server.kill();
  await say(mara, "first while away");
  await say(mara, "second while away");
  await expect(mara.getByTestId("pending").first()).toContainText("waits for a connection");
  await expect(mara.getByText(/Connecting again|You are offline/)).toBeVisible({ timeout: 15_000 });
  await server.start();
  await expect(mara.getByTestId("pending")).toHaveCount(0, { timeout: 40_000 });
  await expect(line(jonas, "second while away")).toBeVisible({ timeout: 40_000 });
  await expect(jonas.getByTestId("message")).toContainText(["before", "first while away", "second while away"]);
  await expect(mara.getByText(/Connecting again|You are offline/)).toBeHidden({ timeout: 30_000 });
});

test("pictures and voice notes", async ({ couple }) => {
  const [{ page: mara, context }, { page: jonas }] = await couple();
  await context.grantPermissions(["microphone"]);
  await open(mara);
  await open(jonas);
  const picture = { name: "screen.png", mimeType: "image/png", buffer: await mara.screenshot() };
  await mara.getByTestId("files").setInputFiles(picture);
  await expect(jonas.getByRole("img", { name: "Picture from Mara" })).toBeVisible();
  await jonas.getByRole("button", { name: "Picture from Mara" }).click();
  await expect(jonas.getByRole("dialog")).toBeVisible();
  await jonas.keyboard.press("Escape");
  await mara.getByRole("button", { name: "Record a voice note" }).click();
  await mara.waitForTimeout(1_200);
  await mara.getByRole("button", { name: "Stop and send" }).click();
  await expect(mara.getByTestId("pending")).toHaveCount(0);
  await jonas.getByRole("button", { name: "Play" }).click();
  await expect(jonas.getByTestId("message").last()).toContainText(/0:0\d/);
});

test("a long thread opens at its end and grows upwards where one looks", async ({ couple }) => {
  const [{ page: mara, token }, { page: jonas }] = await couple();
  await open(mara);
  const id = mara.url().split("/").at(-1);
  for (let count = 0; count < 130; count += 1) {
    await mara.request.post(`/v1/conversations/${id}/messages`, {
      data: { client_id: `line-${count}`, kind: "text", content: `line ${count}.` },
      headers: { Authorization: `Bearer ${token}` },
    });
  }
  await open(jonas);
  await expect(line(jonas, "line 129.")).toBeVisible();
  const log = jonas.getByRole("log");
  // Only what is in view is in the page.
  expect(await jonas.getByTestId("message").count()).toBeLessThan(60);
  await expect(async () => {
    await log.evaluate((element) => element.scrollTo(0, 0));
    await expect(line(jonas, "line 0.")).toBeVisible({ timeout: 500 });
  }).toPass();
  await jonas.getByRole("button", { name: "To the newest" }).click();
  await expect(line(jonas, "line 129.")).toBeInViewport();
});
