/** What the interpreter itself says, in the languages that are built in. */
import type { DialogBook } from "./book.ts";

const builtIn = {
  back: { ru: "⬅️ Назад", uz: "⬅️ Orqaga", en: "⬅️ Back" },
  cancel: { ru: "✖️ Отмена", uz: "✖️ Bekor qilish", en: "✖️ Cancel" },
  skip: { ru: "⏭ Пропустить", uz: "⏭ O‘tkazib yuborish", en: "⏭ Skip" },
  confirm: { ru: "✅ Подтвердить", uz: "✅ Tasdiqlash", en: "✅ Confirm" },
  today: { ru: "Сегодня", uz: "Bugun", en: "Today" },
  tomorrow: { ru: "Завтра", uz: "Ertaga", en: "Tomorrow" },
  sharePhone: { ru: "📱 Отправить мой номер", uz: "📱 Raqamimni yuborish", en: "📱 Share my number" },
  shareLocation: {
    ru: "📍 Отправить моё место",
    uz: "📍 Joylashuvimni yuborish",
    en: "📍 Share my location",
  },
  accepted: { ru: "Принято.", uz: "Qabul qilindi.", en: "Noted." },
  cancelled: { ru: "Отменено.", uz: "Bekor qilindi.", en: "Cancelled." },
  nothingToCancel: {
    ru: "Отменять нечего.",
    uz: "Bekor qiladigan narsa yo‘q.",
    en: "There is nothing to cancel.",
  },
  outdated: {
    ru: "Эта кнопка больше не действует.",
    uz: "Bu tugma endi ishlamaydi.",
    en: "This button is no longer valid.",
  },
  forbidden: {
    ru: "У вас нет доступа к этому разделу.",
    uz: "Sizda bu bo‘limga ruxsat yo‘q.",
    en: "You have no access to this.",
  },
  failed: {
    ru: "Сервис сейчас недоступен. Попробуйте ещё раз позже.",
    uz: "Xizmat hozir ishlamayapti. Keyinroq qayta urinib ko‘ring.",
    en: "The service is not available now. Please try again later.",
  },
  nothingFound: { ru: "Ничего не найдено.", uz: "Hech narsa topilmadi.", en: "Nothing was found." },
  tooLong: {
    ru: "Этот разговор слишком затянулся, начните заново: /menu",
    uz: "Bu suhbat juda cho‘zilib ketdi, qaytadan boshlang: /menu",
    en: "This has taken too many tries, please start again: /menu",
  },
  chooseLanguage: { ru: "Выберите язык:", uz: "Tilni tanlang:", en: "Choose a language:" },
  languageChosen: { ru: "Язык: русский", uz: "Til: o‘zbekcha", en: "Language: English" },
  languageName: { ru: "Русский", uz: "O‘zbekcha", en: "English" },
  /** Beside their commands in Telegram's menu. */
  aboutMenu: { ru: "Меню", uz: "Menyu", en: "Menu" },
  aboutHelp: { ru: "Помощь", uz: "Yordam", en: "Help" },
  aboutLanguage: { ru: "Язык", uz: "Til", en: "Language" },
  aboutCancel: { ru: "Отменить", uz: "Bekor qilish", en: "Cancel" },
  invalidText: {
    ru: "Напишите ответ текстом, от {min} до {max} знаков.",
    uz: "Javobni matn bilan yozing, {min} dan {max} tagacha belgi.",
    en: "Please answer in words, {min} to {max} characters.",
  },
  invalidNumber: { ru: "Напишите число.", uz: "Son yozing.", en: "Please write a number." },
  invalidPhone: {
    ru: "Отправьте свой номер кнопкой или напишите его: +998901234567.",
    uz: "Raqamingizni tugma orqali yuboring yoki yozing: +998901234567.",
    en: "Please share your own number by the button, or write it: +998901234567.",
  },
  invalidDate: {
    ru: "Напишите дату, например 31.12.2026; она должна быть в допустимых пределах.",
    uz: "Sanani yozing, masalan 31.12.2026; u ruxsat etilgan oraliqda bo‘lishi kerak.",
    en: "Please write a date such as 31.12.2026, within the days allowed.",
  },
  invalidChoice: {
    ru: "Выберите один из вариантов.",
    uz: "Variantlardan birini tanlang.",
    en: "Please choose one of the answers.",
  },
  invalidPhoto: { ru: "Отправьте фотографию.", uz: "Rasm yuboring.", en: "Please send a photo." },
  invalidLocation: {
    ru: "Отправьте место: кнопкой или скрепкой.",
    uz: "Joylashuvni tugma yoki skrepka orqali yuboring.",
    en: "Please send a location, by the button or as an attachment.",
  },
} as const;

export type WordName = keyof typeof builtIn;
export const wordNames = Object.keys(builtIn) as readonly WordName[];
export const builtInLanguages: readonly string[] = ["ru", "uz", "en"];

/** The book's own word, else the built-in one. */
export function wordOf(book: Pick<DialogBook, "words">, name: WordName, language: string): string {
  const texts: Readonly<Record<string, string>> = builtIn[name];
  return book.words[name]?.[language] ?? texts[language] ?? texts["en"] ?? name;
}
