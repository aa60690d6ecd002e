"""Characters as a mainland card prints them: a text reader also knows Japan's and Taiwan's forms.

Pure. A reader that learned from all of East Asia sees 别 and writes 別 now and then. A card prints
the mainland's standard form, so the others are mapped onto it before anything is compared.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_PAIRS: Final = (
    "別别 號号 碼码 證证 証证 戶户 戸户 區区 県县 縣县 鎮镇 鄉乡 郷乡 樓楼 單单 単单 廣广 "
    "広广 東东 門门 馬马 龍龙 竜龙 陽阳 陝陕 寧宁 漢汉 満满 滿满 蔵藏 壯壮 國国 図图 圖图 "
    "衛卫 術术 織织 職职 義义 黃黄 黒黑 亞亚 亜亚 會会 學学 園园 圓圆 円圆 華华 萬万 榮荣 "
    "栄荣 興兴 與与 長长 間间 關关 関关 開开 閉闭 陳陈 張张 劉刘 楊杨 趙赵 吳吴 呉吴 孫孙 "
    "鄭郑 馮冯 韓韩 蔣蒋 許许 鄧邓 葉叶 蘇苏 盧卢 賈贾 鄒邹 閻阎 錢钱 湯汤 譚谭 賀贺 龔龚 "
    "顧顾 嚴严 厳严 齊齐 斉齐 齋斋 聶聂 蕭萧 顏颜 龐庞 鳳凤 鵬鹏 鴻鸿 鶴鹤 鷹鹰 麗丽 儀仪 "
    "傑杰 偉伟 俠侠 優优 億亿 勝胜 勳勋 勲勋 紅红 紀纪 純纯 綱纲 維维 綿绵 緒绪 緯纬 縱纵 "
    "繼继 継继 續续 総总 總总 經经 経经 結结 給给 絡络 統统 絲丝 練练 線线 話话 語语 誠诚 "
    "詩诗 詳详 誌志 調调 諸诸 謝谢 議议 護护 讓让 譲让 財财 貞贞 貴贵 費费 資资 賓宾 贊赞 "
    "軍军 軒轩 輝辉 輪轮 轉转 転转 農农 連连 進进 運运 達达 遠远 適适 選选 遷迁 鄰邻 鐵铁 "
    "鉄铁 鋼钢 錦锦 鍾钟 鐘钟 鏡镜 銀银 鋒锋 銘铭 閣阁 隊队 階阶 際际 隨随 雙双 雜杂 雲云 "
    "電电 靜静 韋韦 順顺 須须 領领 頭头 題题 願愿 風风 飛飞 飯饭 館馆 駐驻 騰腾 驛驿 駅驿 "
    "魯鲁 鮮鲜 麥麦 澤泽 沢泽 濱滨 浜滨 灣湾 溫温 渓溪 滄沧 瀋沈 湧涌 濟济 済济 濤涛 潤润 "
    "潔洁 燈灯 爾尔 瑩莹 瑋玮 環环 瓊琼 畢毕 當当 発发 發发 盤盘 礦矿 禮礼 種种 積积 穩稳 "
    "競竞 筆笔 節节 範范 築筑 簡简 糧粮 紹绍 羅罗 聖圣 聞闻 聰聪 腦脑 臨临 舊旧 藝艺 蘭兰 "
    "藍蓝 處处 処处 虛虚 蟲虫 裝装 補补 複复 復复 見见 規规 親亲 觀观 観观 記记 設设 試试 "
    "賢贤 質质 橋桥 樹树 機机 權权 権权 歐欧 歸归 歲岁 歳岁 氣气 気气 決决 沖冲 況况 淺浅 "
    "淵渊 渦涡 島岛 岡冈 嶺岭 峽峡 巖岩 帥帅 師师 帶带 帯带 幫帮 幹干 庫库 廟庙 廠厂 廳厅 "
    "庁厅 彈弹 強强 彥彦 從从 従从 徳德 徵征 徴征 應应 応应 慶庆 憲宪 懷怀 戰战 戦战 戲戏 "
    "掃扫 拡扩 擴扩 攜携 敘叙 數数 斷断 舉举 挙举 時时 晉晋 暉晖 曉晓 暁晓 曆历 暦历 書书 "
    "條条 來来 棟栋 業业 樣样 様样 樂乐 楽乐 標标 檢检 検检 櫻樱 桜樱 歷历 歴历 實实 実实 "
    "寶宝 寬宽 審审 將将 専专 專专 尋寻 對对 対对 導导 屆届 屬属 層层 屢屡 劃划 劍剑 剣剑 "
    "劇剧 勞劳 労劳 動动 務务 勵励 協协 衆众 眾众 堅坚 塊块 場场 報报 塩盐 鹽盐 壇坛 壓压 "
    "圧压 聲声 売卖 賣卖 變变 変变 夢梦 夾夹 奧奥 奮奋 婦妇 媽妈 嬌娇 孃娘 寫写 啟启 啓启 "
    "員员 喬乔 団团 團团 囲围 圍围 徑径 徹彻 愛爱 態态 憶忆 懸悬 滝泷 瀧泷 爐炉 営营 營营 "
    "獻献 獨独 猶犹 現现 產产 産产 畝亩 畵画 畫画 疊叠 畳叠 療疗 監监 眞真 碩硕 確确 礎础 "
    "祿禄 稅税 穂穗 窯窑 竈灶 籃篮 紙纸 紗纱 納纳 紋纹 細细 組组 終终 絵绘 繪绘 絹绢 綠绿 "
    "緑绿 網网 縫缝 纖纤 繊纤 罰罚 習习 聯联 肅肃 脈脉 腸肠 膚肤 舗铺 鋪铺 莊庄 荘庄 蒼苍 "
    "蓮莲 薦荐 薩萨 薬药 藥药 蘆芦 蘋苹 虜虏 蠻蛮 裏里 製制 覺觉 覚觉 計计 訓训 託托 訪访 "
    "評评 詞词 該该 認认 説说 說说 課课 論论 講讲 謹谨 識识 譯译 訳译 譽誉 貝贝 負负 貢贡 "
    "貨货 販贩 貧贫 責责 買买 貿贸 賜赐 賦赋 賽赛 踐践 車车 軌轨 軟软 較较 載载 輕轻 軽轻 "
    "輔辅 輯辑 輸输 辦办 辭辞 遙遥 郵邮 釀酿 醸酿 釋释 釈释 針针 釣钓 鈴铃 鉛铅 銅铜 鋁铝 "
    "録录 錄录 鎖锁 鏈链 鑄铸 鋳铸 鑰钥 閃闪 閏闰 閑闲 閱阅 閲阅 闊阔 陸陆 陰阴 険险 險险 "
    "隠隐 隱隐 隴陇 隸隶 霊灵 靈灵 霧雾 頁页 頂顶 項项 頌颂 預预 頓顿 頗颇 頻频 顆颗 額额 "
    "類类 顔颜 飄飘 飲饮 飼饲 飾饰 養养 餘余 駕驾 駿骏 騎骑 騫骞 驚惊 驗验 験验 體体 髮发 "
    "鬆松 魚鱼 鮑鲍 鯉鲤 鳥鸟 鳴鸣 鴨鸭 鵝鹅 鶯莺 鷺鹭 鹼碱 麵面 黌黉 點点 齒齿 歯齿 齡龄 "
    "齢龄 龜龟 亀龟"
)
_TABLE: Final = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}

_PEOPLES: Final = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 "
    "哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 "
    "达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 "
    "德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 穿青人 革家人"
)
PEOPLES: Final = frozenset(_PEOPLES.split())
"""What stands behind 民族: the 56 peoples, and two groups that are printed beside them."""


def mainland(text: str) -> str:
    """Return a text in half-width and mainland forms, without spaces."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(plain.split()).translate(_TABLE)


def is_hanzi(character: str) -> bool:
    """Tell whether this is a Chinese character."""
    basic = "\u3400" <= character <= "\u9fff"
    return basic or "\U00020000" <= character <= "\U0003ffff" or character == "〇"


def likeness(a: str, b: str) -> float:
    """Return how alike two short texts are: 1 less their edit distance by the longer length."""
    if not a and not b:
        return 1.0
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return 1.0 - row[-1] / max(len(a), len(b))
