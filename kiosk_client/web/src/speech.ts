const SPOKEN: Record<string, string> = { zh: 'zh-CN', en: 'en-US', bo: 'bo-CN' }

/**
 * Says a sentence if this machine has a voice for the language, and does nothing otherwise: the
 * chime and the written words carry the message alone.
 */
export function speak(text: string, language: string): void {
  if (!('speechSynthesis' in window)) return
  const wanted = SPOKEN[language] ?? language
  const voice = window.speechSynthesis
    .getVoices()
    .find((each) => each.lang.replace('_', '-').startsWith(wanted.slice(0, 2)))
  if (voice === undefined) return
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.voice = voice
  utterance.lang = voice.lang
  utterance.rate = 0.85
  window.speechSynthesis.cancel()
  window.speechSynthesis.speak(utterance)
}
