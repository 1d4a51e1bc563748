/** The bot in Telegraf, as its manual writes bots; the conversation is a wizard. */
import { Input, Markup, Scenes, session, Telegraf, type Types } from "telegraf";
import { message } from "telegraf/filters";
import { openHookServer } from "./hook-server.ts";
import { type BotPlan, digestOf, menu, picture, report, type RunningBot } from "./specimen.ts";

type Heard = Scenes.WizardContext;

/** `chat_member` comes to those who name it, who then have to name all. */
const allowedUpdates: Types.UpdateType[] = [
  "message",
  "edited_message",
  "callback_query",
  "inline_query",
  "chat_join_request",
  "chat_member",
];

const form = new Scenes.WizardScene<Heard>(
  "form",
  async (ctx) => {
    await ctx.reply("What is your name?");
    ctx.wizard.next();
  },
  async (ctx) => {
    Object.assign(ctx.wizard.state, { name: ctx.text });
    await ctx.reply("How old are you?");
    ctx.wizard.next();
  },
  async (ctx) => {
    const { name } = ctx.wizard.state as { name: string };
    if (!/^\d+$/.test(ctx.text ?? "")) await ctx.reply("A number, please");
    else {
      await ctx.reply(`${name} is ${ctx.text}`, { reply_parameters: { message_id: ctx.msgId ?? 0 } });
      await ctx.scene.leave();
    }
  },
);

function makeBot({ apiRoot, token }: BotPlan): Telegraf<Heard> {
  const bot = new Telegraf<Heard>(token, { telegram: { apiRoot } });
  bot.use(session());
  bot.use(new Scenes.Stage<Heard>([form]).middleware());
  bot.start((ctx) => ctx.reply(`Hello ${ctx.from.first_name}, payload ${ctx.payload}`));
  bot.command("menu", (ctx) =>
    ctx.replyWithHTML(
      "<b>Choose</b> one",
      Markup.inlineKeyboard(
        menu.map(({ text, data }) => Markup.button.callback(text, data)),
        { columns: 1 },
      ),
    ),
  );
  bot.action(/^pick:(\d)$/, async (ctx) => {
    await ctx.answerCbQuery(`You chose ${ctx.match[1]}`);
    await ctx.editMessageText(`Chosen: ${ctx.match[1]}`);
  });
  bot.on("inline_query", (ctx) =>
    ctx.answerInlineQuery(
      [
        {
          type: "article",
          id: "1",
          title: `Say ${ctx.inlineQuery.query}`,
          input_message_content: { message_text: ctx.inlineQuery.query },
          reply_markup: { inline_keyboard: [[{ text: "One", callback_data: "pick:1" }]] },
        },
      ],
      { cache_time: 0 },
    ),
  );
  bot.command("link", async (ctx) => {
    await ctx.setChatDescription("Ask to come");
    const { invite_link: link } = await ctx.createChatInviteLink({ creates_join_request: true });
    await ctx.reply(link);
  });
  bot.on("chat_join_request", (ctx) => ctx.approveChatJoinRequest(ctx.chatJoinRequest.from.id));
  bot.on("chat_member", async (ctx) => {
    const { invite_link: link, new_chat_member: member } = ctx.chatMember;
    if (link !== undefined) await ctx.reply(`${member.user.id} came by ${link.invite_link}`);
  });
  bot.action("alert", (ctx) => ctx.answerCbQuery("Careful", { show_alert: true }));
  bot.command("photo", (ctx) =>
    ctx.replyWithPhoto(Input.fromBuffer(picture, "dot.png"), {
      caption: "*A dot*",
      parse_mode: "MarkdownV2",
    }),
  );
  bot.command("document", (ctx) => ctx.replyWithDocument(Input.fromBuffer(report, "report.txt")));
  bot.command("form", (ctx) => ctx.scene.enter("form"));
  bot.on("edited_message", (ctx) => ctx.reply(`You mean: ${ctx.text}`));
  bot.on([message("photo"), message("document")], async (ctx) => {
    const fileId = "photo" in ctx.message ? ctx.message.photo.at(-1)?.file_id : ctx.message.document.file_id;
    const response = await fetch(await ctx.telegram.getFileLink(fileId ?? ""));
    const bytes = new Uint8Array(await response.arrayBuffer());
    await ctx.reply(
      `${"photo" in ctx.message ? "photo" : "document"} ${bytes.byteLength} ${digestOf(bytes)}`,
    );
  });
  bot.on(message("text"), (ctx) => ctx.reply(`You said: ${ctx.message.text}`));
  return bot;
}

export async function startTelegrafBot(plan: BotPlan): Promise<RunningBot> {
  const bot = makeBot(plan);
  const errors: unknown[] = [];
  bot.catch((error) => void errors.push(error));
  await bot.telegram.setMyCommands([{ command: "menu", description: "What there is" }]);
  if (plan.mode === "webhook") {
    const secretToken = "telegraf-secret";
    const server = await openHookServer(bot.webhookCallback("/hook", { secretToken }));
    await bot.telegram.setWebhook(`${server.url}/hook`, {
      secret_token: secretToken,
      allowed_updates: allowedUpdates,
    });
    return {
      errors,
      stop: async () => {
        await bot.telegram.deleteWebhook();
        await server.close();
      },
    };
  }
  const running = bot.launch({ allowedUpdates });
  running.catch((error: unknown) => errors.push(error));
  return {
    errors,
    stop: async () => {
      bot.stop();
      await running;
    },
  };
}
