const SPOKEN: Record<string, string> = { zh: 'zh-CN', en: 'en-US', bo: 'bo-CN' }
/** A browser loads its voices when it is first asked for them. */
const VOICES_MS = 1_500

/**
 * Says a sentence if this machine has a voice for the language, and does nothing otherwise: the
 * chime and the written words carry the message alone.
 */
export function speak(text: string, language: string): void {
  const voice = voiceFor(language)
  if (voice === undefined) return
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.voice = voice
  utterance.lang = voice.lang
  utterance.rate = 0.85
  window.speechSynthesis.cancel()
  window.speechSynthesis.speak(utterance)
}

/** Stops in the middle of whatever is being said. */
export function hush(): void {
  if ('speechSynthesis' in window) window.speechSynthesis.cancel()
}

/** Whether this machine has a voice for the language. */
export async function canSpeak(language: string): Promise<boolean> {
  if (!('speechSynthesis' in window)) return false
  if (window.speechSynthesis.getVoices().length === 0) {
    const loaded = new AbortController()
    await new Promise<void>((resolve) => {
      window.speechSynthesis.addEventListener('voiceschanged', () => resolve(), { signal: loaded.signal })
      setTimeout(resolve, VOICES_MS)
    })
    loaded.abort()
  }
  return voiceFor(language) !== undefined
}

function voiceFor(language: string): SpeechSynthesisVoice | undefined {
  if (!('speechSynthesis' in window)) return undefined
  const wanted = SPOKEN[language] ?? language
  return window.speechSynthesis
    .getVoices()
    .find((each) => each.lang.replace('_', '-').startsWith(wanted.slice(0, 2)))
}
