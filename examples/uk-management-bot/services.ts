/**
 * The services behind the example's dialogues, in memory: requests of residents, shifts of workers, people and figures.
 * `services/courier/bot-service.openapi.json` says what they are asked and may answer.
 *
 *   node examples/uk-management-bot/services.ts [--port 9090]
 */
import { createServer } from "node:http";
import { parseArgs } from "node:util";

type Language = "ru" | "uz" | "en";
type Texts = Readonly<Record<Language, string>>;

interface Asked {
  readonly requestId: string;
  readonly service: string;
  readonly person: {
    readonly telegramId: number;
    readonly firstName: string;
    readonly language: string | null;
  };
  readonly input: { readonly kind: string; readonly data?: string | null };
  readonly payload: {
    readonly dialog?: string;
    readonly step?: string;
    readonly language?: string;
    readonly answers?: Readonly<Record<string, unknown>>;
  };
}

interface Reply {
  readonly messages?: readonly {
    readonly text: string;
    readonly keyboard?: { readonly rows: readonly { readonly buttons: readonly object[] }[] };
  }[];
  readonly edit?: { readonly text: string };
  readonly data?: Readonly<Record<string, unknown>>;
}

interface ServiceRequest {
  readonly number: number;
  readonly byId: number;
  readonly about: string;
  readonly address: string;
}

interface Shift {
  readonly id: string;
  readonly day: string;
  readonly hours: string;
  takenBy: number | null;
}

const bodyBytesMax = 65_536;
const rememberedMax = 1_000;
const listedMax = 20;
const dayMs = 86_400_000;
const shiftDays = 5;

const accepted: Texts = { ru: "принята", uz: "qabul qilingan", en: "accepted" };
const nothing: Texts = {
  ru: "Пока ничего нет.",
  uz: "Hozircha hech narsa yo‘q.",
  en: "There is nothing yet.",
};
const free: Texts = { ru: "свободна", uz: "bo‘sh", en: "free" };
const taken: Texts = { ru: "занята", uz: "band", en: "taken" };

const requests: ServiceRequest[] = [];
const shifts: Shift[] = Array.from({ length: shiftDays }, (_, ahead) => new Date(Date.now() + ahead * dayMs))
  .map((date) => date.toISOString().slice(0, 10))
  .flatMap((day) => ["08:00–16:00", "16:00–24:00"].map((hours) => ({ day, hours })))
  .map((shift, index) => ({ ...shift, id: `shift-${index + 1}`, takenBy: null }));
const people = new Map<number, string>();
/** What was answered to a call: one that comes again, after a crash, does nothing twice. */
const remembered = new Map<string, Reply>();

function answer(asked: Asked): Reply {
  people.set(asked.person.telegramId, asked.person.firstName);
  const told = asked.payload.language ?? asked.person.language?.slice(0, 2);
  const language: Language = told === "uz" || told === "en" ? told : "ru";
  const answers = asked.payload.answers ?? {};
  if (asked.service === "requests") return answerRequests(asked, answers, language);
  if (asked.service === "shifts") return answerShifts(asked, answers, language);
  return answerPeople(asked, answers, language);
}

function answerRequests(asked: Asked, answers: Readonly<Record<string, unknown>>, language: Language): Reply {
  const { telegramId } = asked.person;
  const mine = requests.filter(({ byId }) => byId === telegramId);
  const show = ({ number, about, address }: ServiceRequest): string => `№ ${number} · ${about} · ${address}`;
  // A press on a button under a list, brought here by `routes.json`.
  const pressed = /^request:(\d+)$/.exec(asked.input.data ?? "")?.[1];
  const wanted = Number(pressed ?? answers["number"]);
  const found = mine.find(({ number }) => number === wanted);
  if (pressed !== undefined) {
    return {
      edit: { text: found === undefined ? nothing[language] : `${show(found)}\n${accepted[language]}` },
    };
  }
  switch (`${asked.payload.dialog}/${asked.payload.step}`) {
    case "create_request/sent": {
      const about = String(answers["subject"] ?? answers["category"]);
      const request = {
        number: requests.length + 1,
        byId: telegramId,
        about,
        address: String(answers["address"]),
      };
      requests.push(request);
      return { data: { number: request.number } };
    }
    case "request_status/number":
      return {
        data: { options: mine.slice(-listedMax).map((each) => ({ value: each.number, label: show(each) })) },
      };
    case "request_status/found":
      return { data: { number: wanted, status: found === undefined ? "—" : accepted[language] } };
    default: {
      const rows = mine
        .slice(-listedMax)
        .map((each) => ({ buttons: [{ text: show(each).slice(0, 60), data: `request:${each.number}` }] }));
      if (rows.length === 0) return { messages: [{ text: nothing[language] }] };
      return { messages: [{ text: mine.map(show).join("\n"), keyboard: { rows } }] };
    }
  }
}

function answerShifts(asked: Asked, answers: Readonly<Record<string, unknown>>, language: Language): Reply {
  const { telegramId } = asked.person;
  const show = ({ day, hours }: Shift): string => `${day.split("-").toReversed().join(".")} ${hours}`;
  const list = (found: readonly string[]): Reply => ({
    messages: [{ text: found.length === 0 ? nothing[language] : found.join("\n") }],
  });
  switch (`${asked.payload.dialog}/${asked.payload.step}`) {
    case "take_shift/shift": {
      const open = shifts.filter(({ takenBy }) => takenBy === null);
      return { data: { options: open.map((each) => ({ value: each.id, label: show(each) })) } };
    }
    case "take_shift/taken": {
      const shift = shifts.find(({ id }) => id === answers["shift"]);
      if (shift === undefined || shift.takenBy !== null) return { data: { result: "late" } };
      shift.takenBy = telegramId;
      return { data: { result: "taken" } };
    }
    case "schedule/list": {
      const word = ({ takenBy }: Shift): string => (takenBy === null ? free : taken)[language];
      const ofDay = shifts.filter(({ day }) => day === answers["day"]);
      return list(ofDay.map((each) => `${show(each)}: ${word(each)}`));
    }
    default:
      return list(shifts.filter(({ takenBy }) => takenBy === telegramId).map(show));
  }
}

function answerPeople(asked: Asked, answers: Readonly<Record<string, unknown>>, language: Language): Reply {
  switch (asked.payload.dialog ?? "") {
    case "users": {
      const search = String(answers["search"]).toLowerCase();
      const found = [...people].filter(([id, name]) => `${name} ${id}`.toLowerCase().includes(search));
      const lines = found.slice(0, listedMax).map(([id, name]) => `${name} · ${id}`);
      return { messages: [{ text: lines.length === 0 ? nothing[language] : lines.join("\n") }] };
    }
    case "analytics": {
      const count = requests.length;
      return {
        data: {
          requests: count,
          open: count,
          shifts: shifts.filter(({ takenBy }) => takenBy !== null).length,
        },
      };
    }
    default:
      // The example sends no notices, so there is nothing to keep of who wants them.
      return {};
  }
}

function answerOnce(body: string): Reply {
  const asked = JSON.parse(body) as Asked;
  const reply = remembered.get(asked.requestId) ?? answer(asked);
  remembered.set(asked.requestId, reply);
  const [oldest] = remembered.keys();
  if (remembered.size > rememberedMax && oldest !== undefined) remembered.delete(oldest);
  return reply;
}

const { values } = parseArgs({ options: { port: { type: "string", default: "9090" } } });
const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    body += chunk;
    if (body.length > bodyBytesMax) request.destroy();
  });
  request.on("end", () => {
    try {
      const reply = JSON.stringify(answerOnce(body));
      response.writeHead(200, { "content-type": "application/json" }).end(reply);
    } catch (error) {
      console.error(error);
      response.writeHead(400).end();
    }
  });
});
server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : values.port;
  console.log(`the services of the example are at http://127.0.0.1:${port}`);
});
