/** The bot in grammY, as its manual writes bots. */
import {
  API_CONSTANTS,
  Bot,
  type Context,
  InlineKeyboard,
  InputFile,
  session,
  type SessionFlavor,
  webhookCallback,
} from "grammy";
import { openHookServer } from "./hook-server.ts";
import { type BotPlan, digestOf, type Form, menu, picture, report, type RunningBot } from "./specimen.ts";

type Heard = Context & SessionFlavor<Form>;

function makeBot({ apiRoot, token }: BotPlan): Bot<Heard> {
  const bot = new Bot<Heard>(token, { client: { apiRoot } });
  bot.use(session<Form, Heard>({ initial: () => ({}) }));
  bot.command("start", (ctx) => ctx.reply(`Hello ${ctx.from?.first_name}, payload ${ctx.match}`));
  bot.command("menu", async (ctx) => {
    const keyboard = new InlineKeyboard();
    for (const { text, data } of menu) keyboard.text(text, data).row();
    await ctx.reply("<b>Choose</b> one", { parse_mode: "HTML", reply_markup: keyboard });
  });
  bot.callbackQuery(/^pick:(\d)$/, async (ctx) => {
    await ctx.answerCallbackQuery({ text: `You chose ${ctx.match[1]}` });
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
          reply_markup: new InlineKeyboard().text("One", "pick:1"),
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
  bot.on("chat_join_request", (ctx) => ctx.approveChatJoinRequest(ctx.from.id));
  bot.on("chat_member", async (ctx) => {
    const { invite_link: link, new_chat_member: member } = ctx.chatMember;
    if (link !== undefined) await ctx.reply(`${member.user.id} came by ${link.invite_link}`);
  });
  bot.callbackQuery("alert", (ctx) => ctx.answerCallbackQuery({ text: "Careful", show_alert: true }));
  bot.command("photo", (ctx) =>
    ctx.replyWithPhoto(new InputFile(picture, "dot.png"), { caption: "*A dot*", parse_mode: "MarkdownV2" }),
  );
  bot.command("document", (ctx) => ctx.replyWithDocument(new InputFile(report, "report.txt")));
  bot.command("form", async (ctx) => {
    ctx.session.step = "name";
    await ctx.reply("What is your name?");
  });
  bot.on("edited_message:text", (ctx) => ctx.reply(`You mean: ${ctx.editedMessage.text}`));
  bot.on(["message:photo", "message:document"], async (ctx) => {
    const file = await ctx.getFile();
    const response = await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const what = ctx.message.document === undefined ? "photo" : "document";
    await ctx.reply(`${what} ${bytes.byteLength} ${digestOf(bytes)}`);
  });
  bot.on("message:text", async (ctx) => {
    const { session: form } = ctx;
    const { text } = ctx.message;
    if (form.step === "name") {
      form.name = text;
      form.step = "age";
      await ctx.reply("How old are you?");
    } else if (form.step === "age" && !/^\d+$/.test(text)) await ctx.reply("A number, please");
    else if (form.step === "age") {
      form.step = undefined;
      await ctx.reply(`${form.name} is ${text}`, { reply_parameters: { message_id: ctx.msgId } });
    } else await ctx.reply(`You said: ${text}`);
  });
  return bot;
}

export async function startGrammyBot(plan: BotPlan): Promise<RunningBot> {
  const bot = makeBot(plan);
  const errors: unknown[] = [];
  bot.catch(({ error }) => void errors.push(error));
  await bot.api.setMyCommands([{ command: "menu", description: "What there is" }]);
  if (plan.mode === "webhook") {
    const secretToken = "grammy-secret";
    const callback = webhookCallback(bot, "http", { secretToken });
    const server = await openHookServer(callback);
    await bot.api.setWebhook(`${server.url}/hook`, {
      secret_token: secretToken,
      allowed_updates: API_CONSTANTS.ALL_UPDATE_TYPES,
    });
    return {
      errors,
      stop: async () => {
        await bot.api.deleteWebhook();
        await server.close();
      },
    };
  }
  const running = bot.start({ allowed_updates: API_CONSTANTS.ALL_UPDATE_TYPES });
  running.catch((error: unknown) => errors.push(error));
  return {
    errors,
    stop: async () => {
      await bot.stop();
      await running;
    },
  };
}
