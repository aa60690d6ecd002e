import type { Catalogue, Item } from '../src/catalogue'

export function item(part: Partial<Item> & { code: string }): Item {
  return {
    name: part.code,
    name_en: '',
    category: 'identity',
    department: '公安局',
    initials: 'x',
    frequent: null,
    materials: [],
    time_limit: '',
    fee: '',
    ...part,
  }
}

export const CATALOGUE: Catalogue = {
  version: 'v1',
  categories: [
    { id: 'identity', name: '户口身份证', name_en: 'Household & ID' },
    { id: 'other', name: '其他', name_en: 'Other' },
  ],
  items: [
    item({ code: 'help', name: '找人帮我办', name_en: 'Help me choose', category: 'other', initials: 'zrbwb' }),
    item({ code: 'hk1', name: '户口迁移', name_en: 'Move household', initials: 'hkqy' }),
    item({ code: 'id1', name: '居民身份证办理', name_en: 'Apply for an ID card', initials: 'jmsfzbl', frequent: 2 }),
    item({ code: 'id2', name: '身份证明', name_en: 'Proof of identity', initials: 'sfzm' }),
    item({ code: 'ot1', name: '用水报装', name_en: 'Water supply', category: 'other', initials: 'ysbz', frequent: 1 }),
  ],
}
