import { RefusedError, type TakeTicket } from '@xiaowu/wire'
import { readonly, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useKiosk } from './kiosk'

/** What the ticket is for. `opId` is one intention: trying again cannot take two tickets. */
export type Wanted = { opId: string } & ({ itemCode: string } | { code: string })

export interface Taking {
  /** True from the touch until the ticket is there, which takes the page away from here. */
  readonly busy: Readonly<Ref<boolean>>
  /** Why it did not work, in plain words. */
  readonly problem: Readonly<Ref<string | null>>
  /** Tries it; gives the code of a refusal, or null when the ticket was taken. */
  take(wanted: Wanted): Promise<string | null>
  /** Forgets the problem. */
  clear(): void
}

/** Taking a ticket, for whichever screen has the button. */
export function useTaking(): Taking {
  const { t, te, locale } = useI18n()
  const { hall, visits } = useKiosk()
  const busy = ref(false)
  const problem = ref<string | null>(null)

  async function take(wanted: Wanted): Promise<string | null> {
    busy.value = true
    problem.value = null
    const command: TakeTicket = {
      type: 'ticket.take',
      op_id: wanted.opId,
      language: locale.value === 'en' || locale.value === 'bo' ? locale.value : 'zh',
      green: visits.visit.green,
      ...('code' in wanted ? { code: wanted.code } : { item_code: wanted.itemCode }),
    }
    try {
      await hall.send(command)
      return null
    } catch (error) {
      busy.value = false
      const code = error instanceof RefusedError ? error.code : 'unanswered'
      problem.value = te(`error.${code}`) ? t(`error.${code}`) : t('error.other')
      if (code === 'ticket_already_open') void hall.send({ type: 'view.sync' }).catch(() => undefined)
      return code
    }
  }
  return { busy: readonly(busy), problem: readonly(problem), take, clear: () => (problem.value = null) }
}
