/**
 * Large cities of the world: monthly climate normals, population, a sentence each.
 *
 * Normals are means over decades (mostly 1991–2020), rounded to whole °C and mm: what a month is usually like, never
 * the weather of a day. Populations are those of the city as its own statistics bound it, in the year given.
 */

export interface City {
  /** Names, the usual one first. */
  readonly zh: readonly string[];
  readonly en: readonly string[];
  readonly country: { readonly zh: string; readonly en: string };
  readonly population: number;
  readonly populationYear: number;
  /** Mean temperature in °C, January to December. */
  readonly celsius: readonly number[];
  /** Rain and melted snow in mm, January to December. */
  readonly rainMm: readonly number[];
  readonly fact: { readonly zh: string; readonly en: string };
}

// Names | country | inhabitants in ten thousands | year | °C per month | mm per month | fact, Chinese and English.
const table = `
北京|Beijing/Peking|中国|China|2189|2020|-3 1 8 15 21 25 27 26 21 14 5 -1|2 6 9 22 36 72 170 113 54 29 14 2|中国的首都，有三千多年建城史，故宫和长城闻名世界。|The capital of China, known for the Forbidden City and the Great Wall.
上海|Shanghai|中国|China|2487|2020|5 7 11 16 21 25 29 29 25 20 14 7|72 65 99 86 92 215 153 198 110 69 59 51|中国的经济和金融中心，位于长江入海口。|China's centre of finance and trade, at the mouth of the Yangtze.
广州|Guangzhou/Canton|中国|China|1868|2020|14 16 18 23 26 28 29 29 28 25 20 16|52 54 99 201 329 367 243 250 197 62 41 36|广东省省会，两千多年的通商口岸，以粤菜和早茶著称。|The capital of Guangdong, a trading port for two thousand years, famous for Cantonese food.
深圳|Shenzhen|中国|China|1756|2020|16 17 20 23 26 28 29 29 28 25 21 17|34 42 65 150 239 347 327 358 243 64 39 29|中国第一个经济特区，科技产业之城。|China's first special economic zone and a centre of technology.
香港|Hong Kong|中国香港|Hong Kong SAR, China|741|2021|17 17 20 23 26 28 29 29 28 26 22 18|33 39 75 153 291 492 386 453 321 120 39 29|国际金融中心，以维多利亚港的夜景闻名。|A centre of world finance, known for the skyline of Victoria Harbour.
澳门|Macau/Macao|中国澳门|Macau SAR, China|68|2021|15 16 19 22 26 28 29 28 28 25 21 17|27 60 89 195 311 364 297 343 220 79 44 30|中西文化交汇之城，历史城区是世界遗产。|A meeting place of Chinese and Portuguese culture; its old town is a World Heritage site.
成都|Chengdu|中国|China|2094|2020|6 8 13 18 22 25 26 26 22 18 13 7|8 11 20 42 76 110 221 203 118 40 16 5|四川省省会，大熊猫和川菜的故乡。|The capital of Sichuan, home of the giant panda and of Sichuan cooking.
重庆|Chongqing|中国|China|3205|2020|8 11 15 20 23 26 29 29 25 19 15 9|19 22 50 102 157 196 176 136 107 97 51 24|长江上游的山城，以火锅和立体交通著称。|A mountain city on the upper Yangtze, famous for hot pot.
天津|Tianjin|中国|China|1387|2020|-3 1 7 15 21 25 27 26 22 14 5 -1|3 5 7 22 37 84 152 120 48 29 13 4|北方重要港口城市，毗邻北京。|A great port of northern China, next to Beijing.
武汉|Wuhan|中国|China|1233|2020|4 7 11 18 23 26 29 29 24 18 12 6|50 67 90 137 164 219 232 121 77 77 58 31|湖北省省会，长江与汉江在此交汇。|The capital of Hubei, where the Han River joins the Yangtze.
西安|Xi'an/Xian|中国|China|1295|2020|1 4 10 16 21 26 28 26 21 15 8 2|7 10 23 41 57 64 86 90 102 62 26 6|十三朝古都，丝绸之路的起点，有秦始皇兵马俑。|A capital of thirteen dynasties and home of the Terracotta Army.
南京|Nanjing/Nanking|中国|China|931|2020|3 6 10 16 22 25 29 28 24 18 11 5|48 53 79 80 89 193 212 160 80 55 55 33|江苏省省会，六朝古都。|The capital of Jiangsu, once the capital of six dynasties.
杭州|Hangzhou|中国|China|1194|2020|5 7 11 17 22 25 29 29 25 19 13 7|86 88 139 121 121 226 170 178 111 77 74 61|浙江省省会，以西湖和互联网产业闻名。|The capital of Zhejiang, known for West Lake and its internet companies.
哈尔滨|Harbin|中国|China|1001|2020|-17 -12 -2 8 16 21 23 22 15 6 -5 -15|4 5 12 20 56 100 145 124 56 25 16 8|黑龙江省省会，以冰雪节著称的“冰城”。|The capital of Heilongjiang, the "ice city" of the winter festival.
沈阳|Shenyang|中国|China|907|2020|-11 -6 2 11 18 23 25 24 18 10 0 -8|7 9 18 38 59 91 166 157 55 42 22 10|辽宁省省会，东北的工业中心，有沈阳故宫。|The capital of Liaoning, an industrial centre with an imperial palace of its own.
大连|Dalian|中国|China|745|2020|-3 -1 4 11 17 21 24 25 21 14 6 0|7 8 15 33 59 77 143 163 57 37 24 11|辽东半岛南端的港口城市。|A port at the southern tip of the Liaodong peninsula.
青岛|Qingdao/Tsingtao|中国|China|1007|2020|0 2 6 12 17 21 25 26 22 16 9 3|10 14 20 34 68 76 156 159 76 37 33 14|山东的海滨城市，以啤酒和帆船闻名。|A seaside city in Shandong, known for its beer and its sailing.
济南|Jinan|中国|China|920|2020|0 3 10 17 22 27 28 27 22 16 9 2|6 10 13 30 66 89 191 178 61 30 23 9|山东省省会，有“泉城”之称。|The capital of Shandong, the "city of springs".
郑州|Zhengzhou|中国|China|1260|2020|1 4 10 17 22 27 28 26 22 16 9 3|10 13 22 36 62 68 149 126 78 41 29 9|河南省省会，全国铁路枢纽。|The capital of Henan and a hub of China's railways.
长沙|Changsha|中国|China|1005|2020|5 8 12 18 23 26 30 29 24 19 13 7|74 83 144 168 191 222 156 108 74 63 79 50|湖南省省会，湘江穿城而过。|The capital of Hunan, on the Xiang River.
昆明|Kunming|中国|China|846|2020|9 12 15 18 20 21 21 20 19 16 13 10|20 12 18 24 83 161 207 192 113 85 33 15|云南省省会，四季如春的“春城”。|The capital of Yunnan, the "city of eternal spring".
厦门|Xiamen/Amoy|中国|China|516|2020|13 13 15 19 23 26 28 28 27 23 20 15|40 78 107 146 166 193 146 219 139 39 42 36|福建的海岛城市，鼓浪屿是世界遗产。|An island city in Fujian; its islet Gulangyu is a World Heritage site.
乌鲁木齐|Urumqi/Ürümqi|中国|China|405|2020|-12 -9 0 11 18 23 25 23 17 8 -1 -9|12 13 20 33 38 32 33 24 25 23 24 18|新疆首府，世界上离海洋最远的大城市。|The capital of Xinjiang, the large city farthest from any sea.
拉萨|Lhasa|中国|China|87|2020|0 3 6 9 13 17 17 16 15 10 4 1|1 1 3 8 29 78 133 127 60 8 1 1|西藏首府，海拔约 3650 米，有布达拉宫。|The capital of Tibet, about 3,650 m above the sea, with the Potala Palace.
三亚|Sanya|中国|China|103|2020|22 23 25 27 29 29 29 28 28 27 25 23|8 13 20 44 142 198 193 222 252 235 58 12|海南岛南端的热带海滨城市。|A tropical seaside city at the southern tip of Hainan.
呼和浩特|Hohhot|中国|China|345|2020|-11 -6 1 10 17 22 24 22 16 8 -1 -9|2 4 9 15 33 49 107 96 51 22 9 3|内蒙古首府，名字意为“青色的城”。|The capital of Inner Mongolia; its name means "blue city".
兰州|Lanzhou|中国|China|436|2020|-5 0 7 13 18 22 24 22 17 10 3 -3|2 3 9 17 38 46 60 62 45 24 3 1|甘肃省省会，黄河穿城而过，以牛肉面闻名。|The capital of Gansu on the Yellow River, famous for its beef noodles.
东京|Tokyo|日本|Japan|973|2020|5 6 9 14 19 22 26 27 23 18 13 8|60 57 116 134 140 168 156 155 225 235 96 58|日本的首都，东京圈是世界上人口最多的都市圈。|The capital of Japan; its metropolitan area is the world's most populous.
大阪|Osaka|日本|Japan|275|2020|6 7 10 15 20 24 28 29 25 20 14 9|47 61 103 102 137 185 174 113 153 136 73 56|日本西部的商业中心，以美食闻名。|The commercial centre of western Japan, known for its food.
札幌|Sapporo|日本|Japan|197|2020|-3 -3 1 7 13 17 21 22 19 12 5 -1|108 92 78 55 56 60 91 127 142 110 114 115|北海道首府，以冰雪节著称。|The capital of Hokkaido, known for its snow festival.
首尔|Seoul|韩国|South Korea|939|2023|-2 1 6 13 18 23 25 26 22 15 8 0|17 28 37 73 104 130 414 348 142 52 51 23|韩国的首都，汉江穿城而过。|The capital of South Korea, on the Han River.
新加坡|Singapore|新加坡|Singapore|592|2023|27 27 28 28 29 29 28 28 28 28 27 27|222 105 152 164 164 135 147 147 125 168 252 332|城市国家，世界最繁忙的港口之一。|A city-state with one of the world's busiest ports.
曼谷|Bangkok|泰国|Thailand|549|2022|27 29 30 31 31 30 29 29 29 29 28 27|24 20 53 92 215 210 182 212 344 304 46 13|泰国的首都，有大皇宫和众多寺庙。|The capital of Thailand, with the Grand Palace and hundreds of temples.
河内|Hanoi|越南|Vietnam|859|2023|17 18 20 24 28 29 29 29 28 25 22 18|22 24 48 83 190 230 280 290 230 140 65 20|越南的首都，已有一千多年历史。|The capital of Vietnam, more than a thousand years old.
胡志明市/西贡|Ho Chi Minh City/Saigon|越南|Vietnam|946|2023|27 27 29 30 29 28 28 28 28 28 27 27|10 8 13 54 210 290 280 290 320 290 140 38|越南最大的城市和经济中心。|The largest city of Vietnam and its economic centre.
雅加达|Jakarta|印度尼西亚|Indonesia|1056|2020|27 27 27 28 28 28 28 28 28 28 28 28|360 390 230 150 115 90 70 55 65 110 150 220|印度尼西亚最大的城市，位于爪哇岛北岸。|The largest city of Indonesia, on the north coast of Java.
吉隆坡|Kuala Lumpur|马来西亚|Malaysia|198|2020|27 28 28 28 28 28 28 28 28 27 27 27|225 193 262 302 240 153 155 176 208 274 335 285|马来西亚的首都，以双子塔闻名。|The capital of Malaysia, known for the Petronas Towers.
马尼拉|Manila|菲律宾|Philippines|185|2020|27 27 29 30 30 29 28 28 28 28 28 27|17 14 16 24 147 254 421 432 355 235 122 67|菲律宾的首都，位于马尼拉湾畔。|The capital of the Philippines, on Manila Bay.
德里/新德里|Delhi/New Delhi|印度|India|1679|2011|14 18 23 29 33 33 32 30 30 26 21 16|19 21 17 16 31 74 210 233 124 15 6 8|印度的首都辖区，新德里为政府所在地。|India's capital territory; New Delhi is the seat of government.
孟买|Mumbai/Bombay|印度|India|1244|2011|24 25 27 29 30 29 28 28 28 29 28 26|0 0 0 0 7 526 920 561 384 91 11 2|印度的金融和电影之都。|India's capital of finance and film.
加尔各答|Kolkata/Calcutta|印度|India|450|2011|20 24 28 30 31 30 29 29 29 28 25 21|11 25 34 55 120 284 400 345 300 165 23 5|印度东部的文化名城，曾是英属印度首都。|A centre of culture in eastern India, once the capital of British India.
班加罗尔|Bengaluru/Bangalore|印度|India|844|2011|22 24 26 28 27 25 24 24 24 24 23 21|2 7 15 61 128 111 117 163 217 192 56 12|印度的信息技术中心，有“印度硅谷”之称。|The centre of India's information technology.
卡拉奇|Karachi|巴基斯坦|Pakistan|2038|2023|19 22 26 29 31 32 31 29 30 29 25 21|8 7 9 4 1 12 68 67 21 2 2 5|巴基斯坦最大的城市和港口。|The largest city and port of Pakistan.
达卡|Dhaka|孟加拉国|Bangladesh|1028|2022|18 22 26 28 29 29 29 29 29 27 24 20|8 24 53 130 266 330 375 310 290 175 30 10|孟加拉国的首都，世界上人口最稠密的城市之一。|The capital of Bangladesh, one of the most densely populated cities.
迪拜|Dubai|阿联酋|United Arab Emirates|366|2023|19 21 23 27 31 33 36 36 33 30 25 21|19 25 22 7 0 0 1 0 0 1 3 16|阿联酋最大的城市，有世界最高的哈利法塔。|The largest city of the Emirates, with the Burj Khalifa, the world's tallest building.
利雅得|Riyadh|沙特阿拉伯|Saudi Arabia|701|2022|14 17 21 27 33 36 37 37 33 28 21 16|15 8 24 36 7 0 0 0 0 1 14 20|沙特阿拉伯的首都，位于沙漠高原上。|The capital of Saudi Arabia, on a desert plateau.
德黑兰|Tehran|伊朗|Iran|869|2016|6 8 12 18 23 28 31 30 26 20 12 7|35 34 41 35 16 4 2 2 1 13 31 33|伊朗的首都，位于厄尔布尔士山脉南麓。|The capital of Iran, at the foot of the Alborz mountains.
伊斯坦布尔|Istanbul|土耳其|Turkey|1566|2023|6 6 8 12 17 21 24 24 20 16 12 8|106 78 71 45 35 36 33 40 62 89 101 122|横跨欧亚两洲的城市，博斯普鲁斯海峡穿城而过。|A city on two continents, on both sides of the Bosphorus.
开罗|Cairo|埃及|Egypt|1020|2022|14 15 18 22 25 27 28 28 26 24 19 15|5 4 4 1 0 0 0 0 0 1 4 6|埃及的首都，吉萨金字塔就在近郊。|The capital of Egypt, next to the pyramids of Giza.
内罗毕|Nairobi|肯尼亚|Kenya|440|2019|19 20 20 20 19 17 16 17 18 19 19 18|64 57 93 219 177 35 18 24 28 55 154 101|肯尼亚的首都，市边就是国家公园。|The capital of Kenya, with a national park at its edge.
拉各斯|Lagos|尼日利亚|Nigeria|1539|2022|27 29 29 29 28 26 25 25 26 27 27 27|13 41 84 146 202 316 243 122 160 125 40 15|尼日利亚最大的城市和港口。|The largest city and port of Nigeria.
约翰内斯堡|Johannesburg|南非|South Africa|480|2022|20 19 18 15 13 10 10 13 16 17 18 19|125 90 91 54 13 9 4 6 27 72 117 105|南非最大的城市，因金矿而兴起。|The largest city of South Africa, founded on gold.
开普敦|Cape Town|南非|South Africa|477|2022|20 20 19 17 14 13 12 12 14 16 18 20|15 17 20 41 69 93 82 77 40 30 14 17|南非的立法首都，以桌山闻名。|The seat of South Africa's parliament, below Table Mountain.
亚的斯亚贝巴|Addis Ababa|埃塞俄比亚|Ethiopia|386|2022|16 17 18 18 18 17 16 15 16 16 15 15|13 30 58 82 84 138 280 290 149 27 7 7|埃塞俄比亚的首都，非洲联盟总部所在地。|The capital of Ethiopia and seat of the African Union.
卡萨布兰卡|Casablanca|摩洛哥|Morocco|336|2014|13 13 15 16 18 21 23 23 22 20 16 14|66 53 44 40 15 3 1 1 9 40 76 76|摩洛哥最大的城市和港口。|The largest city and port of Morocco.
莫斯科|Moscow|俄罗斯|Russia|1301|2021|-6 -6 -1 7 14 17 20 18 12 6 -1 -4|53 44 39 37 61 78 84 78 66 70 52 51|俄罗斯的首都，有红场和克里姆林宫。|The capital of Russia, with Red Square and the Kremlin.
圣彼得堡|Saint Petersburg/St. Petersburg/St Petersburg|俄罗斯|Russia|560|2021|-5 -5 -1 5 12 16 19 17 12 6 1 -3|46 36 36 37 47 69 84 87 57 64 56 51|俄罗斯旧都，有冬宫和夏季白夜。|The former capital of Russia, with the Winter Palace and its white nights.
伦敦|London|英国|United Kingdom|880|2021|6 6 8 11 14 17 19 19 16 12 8 6|59 45 39 42 46 47 46 53 50 65 67 57|英国的首都，泰晤士河穿城而过。|The capital of the United Kingdom, on the Thames.
巴黎|Paris|法国|France|210|2023|5 6 9 12 16 19 21 21 17 13 9 6|48 42 45 46 69 51 59 58 45 55 54 62|法国的首都，有埃菲尔铁塔和卢浮宫。|The capital of France, with the Eiffel Tower and the Louvre.
柏林|Berlin|德国|Germany|376|2022|1 2 5 10 14 18 20 19 15 10 5 2|43 34 40 30 54 60 71 57 44 43 42 44|德国的首都和最大城市。|The capital and largest city of Germany.
慕尼黑|Munich/München|德国|Germany|151|2022|0 1 5 10 14 18 20 19 15 10 4 1|52 46 61 56 107 121 119 116 78 67 58 59|巴伐利亚州首府，以啤酒节闻名。|The capital of Bavaria, home of the Oktoberfest.
汉堡|Hamburg|德国|Germany|189|2022|2 2 5 9 13 16 19 18 14 10 6 3|68 54 54 39 57 72 80 77 64 65 65 75|德国最大的海港城市。|The largest seaport of Germany.
法兰克福|Frankfurt/Frankfurt am Main|德国|Germany|77|2022|2 3 7 11 15 19 21 20 16 11 6 3|46 39 42 37 59 58 67 63 48 53 49 55|德国的金融中心，欧洲央行所在地。|Germany's financial centre and seat of the European Central Bank.
维也纳|Vienna/Wien|奥地利|Austria|198|2023|1 3 7 12 16 20 21 21 16 11 6 2|42 38 52 46 72 70 77 70 63 50 47 47|奥地利的首都，音乐之都。|The capital of Austria and of classical music.
苏黎世|Zurich/Zürich|瑞士|Switzerland|43|2022|1 2 6 10 14 17 19 19 15 10 5 2|61 55 68 79 120 127 129 122 90 86 74 82|瑞士最大的城市，位于苏黎世湖畔。|The largest city of Switzerland, on Lake Zurich.
阿姆斯特丹|Amsterdam|荷兰|Netherlands|92|2023|4 4 6 9 13 16 18 18 15 11 7 4|68 57 54 41 54 67 81 103 83 87 83 83|荷兰的首都，以运河闻名。|The capital of the Netherlands, known for its canals.
布鲁塞尔|Brussels|比利时|Belgium|124|2023|4 4 7 10 14 17 19 18 15 11 7 4|76 65 59 47 60 71 77 87 65 68 76 87|比利时的首都，欧盟主要机构所在地。|The capital of Belgium and seat of the main institutions of the European Union.
马德里|Madrid|西班牙|Spain|333|2023|6 8 11 13 17 22 26 25 21 15 10 7|33 35 25 45 51 21 12 10 22 60 58 51|西班牙的首都，有普拉多博物馆。|The capital of Spain, home of the Prado.
巴塞罗那|Barcelona|西班牙|Spain|166|2023|9 10 12 14 17 21 24 24 22 18 13 10|37 35 36 40 47 30 21 62 81 91 59 40|加泰罗尼亚首府，有高迪的圣家堂。|The capital of Catalonia, with Gaudí's Sagrada Família.
里斯本|Lisbon|葡萄牙|Portugal|55|2021|12 13 15 16 18 21 23 24 22 19 15 12|100 85 53 68 54 16 4 6 33 101 128 127|葡萄牙的首都，位于特茹河口。|The capital of Portugal, at the mouth of the Tagus.
罗马|Rome/Roma|意大利|Italy|275|2023|8 8 11 14 18 22 25 25 21 17 12 9|67 73 58 81 53 34 19 37 73 113 115 81|意大利的首都，两千多年历史的“永恒之城”。|The capital of Italy, the "eternal city".
米兰|Milan/Milano|意大利|Italy|135|2022|3 5 10 14 19 23 26 25 20 14 9 4|59 49 65 76 96 67 67 89 93 122 77 62|意大利的时尚和经济中心。|Italy's centre of fashion and business.
雅典|Athens|希腊|Greece|64|2021|10 11 13 17 22 27 29 29 25 20 16 12|56 44 46 28 21 12 11 5 26 39 71 76|希腊的首都，有雅典卫城。|The capital of Greece, below the Acropolis.
斯德哥尔摩|Stockholm|瑞典|Sweden|98|2022|0 0 2 7 12 16 19 18 13 8 4 1|37 29 26 28 35 61 66 66 47 51 47 47|瑞典的首都，建在十四座岛上。|The capital of Sweden, built on fourteen islands.
奥斯陆|Oslo|挪威|Norway|71|2023|-2 -2 1 6 11 15 18 17 12 7 2 -2|58 45 41 48 60 79 87 105 84 90 81 54|挪威的首都，位于奥斯陆峡湾北端。|The capital of Norway, at the head of the Oslofjord.
哥本哈根|Copenhagen|丹麦|Denmark|65|2023|1 1 4 8 13 16 18 18 14 10 6 3|53 38 36 31 43 61 61 70 58 60 52 55|丹麦的首都，以自行车和小美人鱼闻名。|The capital of Denmark, known for its bicycles and the Little Mermaid.
赫尔辛基|Helsinki|芬兰|Finland|66|2022|-3 -4 -1 4 10 15 18 17 12 7 2 -1|53 38 34 34 38 60 57 81 56 73 69 58|芬兰的首都，濒临芬兰湾。|The capital of Finland, on the Gulf of Finland.
都柏林|Dublin|爱尔兰|Ireland|59|2022|5 5 7 8 11 14 15 15 13 10 7 6|61 51 52 55 57 64 61 73 62 78 82 73|爱尔兰的首都，文学之城。|The capital of Ireland, a city of literature.
华沙|Warsaw|波兰|Poland|186|2022|-2 0 3 9 14 18 19 19 14 9 4 0|30 29 30 34 57 60 77 61 53 42 35 36|波兰的首都，老城在战后重建。|The capital of Poland, whose old town was rebuilt after the war.
布拉格|Prague|捷克|Czechia|136|2023|-1 0 4 9 13 17 19 18 14 9 4 0|24 21 32 28 60 71 79 71 41 34 32 27|捷克的首都，以查理大桥和古城闻名。|The capital of Czechia, known for Charles Bridge and its old town.
布达佩斯|Budapest|匈牙利|Hungary|168|2022|0 2 7 12 17 21 23 22 17 12 7 1|37 29 30 42 62 63 45 49 40 39 53 43|匈牙利的首都，多瑙河分开布达与佩斯。|The capital of Hungary; the Danube parts Buda from Pest.
基辅|Kyiv/Kiev|乌克兰|Ukraine|295|2022|-3 -2 3 10 16 20 22 21 15 9 3 -2|38 40 40 42 65 73 68 56 57 46 46 47|乌克兰的首都，位于第聂伯河畔。|The capital of Ukraine, on the Dnipro.
雷克雅未克|Reykjavik/Reykjavík|冰岛|Iceland|14|2023|1 1 1 4 7 10 12 11 9 5 2 1|87 91 82 57 53 44 52 66 89 81 82 94|冰岛的首都，世界上最北的主权国家首都。|The capital of Iceland, the northernmost capital of a sovereign state.
纽约|New York/New York City/NYC|美国|United States|880|2020|1 2 6 12 17 22 25 25 21 14 9 4|92 81 109 104 101 115 117 116 109 111 91 111|美国最大的城市，联合国总部所在地。|The largest city of the United States and seat of the United Nations.
洛杉矶|Los Angeles/LA|美国|United States|390|2020|15 15 16 18 19 21 23 24 23 21 17 14|84 92 57 18 8 2 1 0 3 15 20 63|加利福尼亚最大的城市，电影工业中心。|The largest city of California, the home of Hollywood.
芝加哥|Chicago|美国|United States|275|2020|-4 -2 4 10 16 21 24 23 19 12 5 -1|51 50 62 95 114 104 94 108 81 87 61 54|密歇根湖畔的城市，摩天大楼的发源地。|A city on Lake Michigan where the skyscraper was born.
旧金山|San Francisco|美国|United States|87|2020|11 12 13 14 14 15 16 17 17 17 14 11|112 111 80 41 18 5 0 2 3 24 66 121|加利福尼亚的港湾城市，以金门大桥闻名。|A city on a bay in California, known for the Golden Gate Bridge.
休斯敦|Houston|美国|United States|230|2020|12 14 18 21 25 28 30 30 27 22 17 13|96 75 88 100 127 152 96 123 120 139 98 102|得克萨斯最大的城市，航天和能源中心。|The largest city of Texas, a centre of space flight and energy.
迈阿密|Miami|美国|United States|44|2020|20 22 23 25 27 28 29 29 28 27 24 22|46 55 62 85 161 267 187 243 260 194 90 62|佛罗里达的海滨城市。|A seaside city in Florida.
西雅图|Seattle|美国|United States|74|2020|6 7 8 11 14 17 20 20 17 12 8 6|147 96 106 81 48 37 15 25 41 99 160 145|美国西北部最大的城市，以航空和软件业闻名。|The largest city of the American north-west, known for aircraft and software.
华盛顿|Washington/Washington DC/Washington D.C.|美国|United States|69|2020|3 4 9 15 20 25 27 26 22 16 10 5|73 67 89 82 100 107 110 83 100 93 74 87|美国的首都，白宫和国会所在地。|The capital of the United States, with the White House and the Capitol.
波士顿|Boston|美国|United States|68|2020|-1 0 4 9 15 20 23 23 19 13 7 2|86 82 106 92 83 99 83 82 90 102 93 109|马萨诸塞州首府，大学之城。|The capital of Massachusetts, a city of universities.
檀香山/火奴鲁鲁|Honolulu|美国|United States|35|2020|23 23 24 25 26 27 27 28 28 27 25 24|47 49 60 20 21 12 13 22 24 38 58 54|夏威夷州首府。|The capital of Hawaii.
多伦多|Toronto|加拿大|Canada|279|2021|-4 -3 1 8 14 20 23 22 17 11 5 0|62 55 54 68 82 71 64 81 85 64 84 62|加拿大最大的城市，位于安大略湖畔。|The largest city of Canada, on Lake Ontario.
温哥华|Vancouver|加拿大|Canada|66|2021|4 5 7 9 13 16 18 18 15 10 6 4|168 105 114 89 65 54 36 37 51 121 189 162|加拿大西海岸的港口城市，依山面海。|A port on Canada's west coast, between mountains and sea.
蒙特利尔|Montreal/Montréal|加拿大|Canada|176|2021|-10 -8 -2 6 13 19 21 20 16 9 2 -5|77 63 69 82 81 87 89 94 83 91 96 87|魁北克省最大的城市，通行法语。|The largest city of Quebec, where French is spoken.
墨西哥城|Mexico City/Ciudad de México|墨西哥|Mexico|921|2020|15 16 18 19 19 19 18 18 17 17 16 15|8 5 11 25 59 140 175 165 145 67 12 7|墨西哥的首都，海拔约 2240 米。|The capital of Mexico, about 2,240 m above the sea.
哈瓦那|Havana|古巴|Cuba|211|2012|22 22 24 25 26 27 28 28 27 26 25 23|64 69 46 54 98 182 106 100 144 181 88 58|古巴的首都，老城是世界遗产。|The capital of Cuba; its old town is a World Heritage site.
波哥大|Bogota/Bogotá|哥伦比亚|Colombia|741|2018|14 14 14 14 14 14 13 13 13 14 14 14|43 59 83 117 105 57 42 42 69 125 113 66|哥伦比亚的首都，海拔约 2600 米。|The capital of Colombia, about 2,600 m above the sea.
利马|Lima|秘鲁|Peru|857|2017|22 24 23 21 19 18 17 17 17 18 19 21|1 0 0 0 0 1 1 2 1 0 0 0|秘鲁的首都，位于几乎不下雨的沙漠海岸。|The capital of Peru, on a desert coast where it hardly ever rains.
圣保罗|Sao Paulo/São Paulo|巴西|Brazil|1145|2022|23 23 23 21 18 18 17 18 20 21 21 23|292 258 229 87 66 60 48 32 83 127 144 231|巴西最大的城市和经济中心。|The largest city of Brazil and its economic centre.
里约热内卢/里约|Rio de Janeiro/Rio|巴西|Brazil|621|2022|27 27 26 25 23 22 22 22 23 24 25 26|137 130 136 95 70 43 42 45 54 87 98 134|巴西的海滨城市，以基督像和狂欢节闻名。|A seaside city in Brazil, known for its carnival and its statue of Christ.
布宜诺斯艾利斯|Buenos Aires|阿根廷|Argentina|312|2022|25 24 22 18 15 12 11 13 15 18 21 24|134 131 119 130 95 62 68 69 74 126 114 111|阿根廷的首都，探戈的故乡。|The capital of Argentina and home of the tango.
圣地亚哥|Santiago/Santiago de Chile|智利|Chile|612|2017|21 21 19 15 12 9 9 10 12 15 18 20|1 1 3 13 35 76 60 49 23 11 7 4|智利的首都，位于安第斯山麓。|The capital of Chile, at the foot of the Andes.
悉尼|Sydney|澳大利亚|Australia|545|2023|24 23 22 20 17 14 13 15 17 19 20 22|91 132 118 114 101 142 80 75 63 68 91 73|澳大利亚最大的城市，有悉尼歌剧院。|The largest city of Australia, with its opera house.
墨尔本|Melbourne|澳大利亚|Australia|521|2023|21 21 19 16 13 11 11 11 13 15 17 19|44 50 39 53 44 50 40 47 54 57 64 61|澳大利亚东南部的文化和体育之都。|A city of culture and sport in the south-east of Australia.
珀斯|Perth|澳大利亚|Australia|231|2023|25 25 23 20 16 14 13 14 15 17 20 23|16 14 20 37 88 127 148 123 83 38 24 10|西澳大利亚州首府，世界上最孤立的大城市之一。|The capital of Western Australia, one of the most remote large cities.
奥克兰|Auckland|新西兰|New Zealand|166|2023|20 21 19 16 14 12 11 12 13 14 16 18|62 67 79 98 106 122 129 115 99 85 75 85|新西兰最大的城市，有“帆之都”之称。|The largest city of New Zealand, the "city of sails".
`;

/** The twelve numbers of a year. */
const year = (text: string): number[] => text.split(" ").map(Number);

function toCity(line: string): City {
  const [zh, en, countryZh, countryEn, tenThousands, populationYear, celsius, rain, factZh, factEn] = line
    .split("|");
  return {
    zh: zh.split("/"),
    en: en.split("/"),
    country: { zh: countryZh, en: countryEn },
    population: Number(tenThousands) * 10_000,
    populationYear: Number(populationYear),
    celsius: year(celsius),
    rainMm: year(rain),
    fact: { zh: factZh, en: factEn },
  };
}

export const cities: readonly City[] = table.trim().split("\n").map(toCity);

/** A name without accents, capitals, punctuation and 市. */
function plain(name: string): string {
  const bare = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return bare.replace(/[\s\p{P}]+/gu, "").replace(/(?<=.{2})市$/u, "");
}

const byName = new Map(cities.flatMap((city) => [...city.zh, ...city.en].map((name) => [plain(name), city])));

const shortNames: Readonly<Record<string, string>> = {
  usa: "unitedstates",
  us: "unitedstates",
  uk: "unitedkingdom",
  uae: "unitedarabemirates",
};

/**
 * The city of that name, in Chinese or English, with or without its country: "Paris, France" is in the table, "Paris,
 * Texas" is not.
 */
export function findCity(name: string): City | undefined {
  const [first, ...rest] = name.split(/[,，]/);
  const city = byName.get(plain(name)) ?? byName.get(plain(first));
  if (!city || byName.get(plain(name))) return city;
  const country = shortNames[plain(rest.join())] ?? plain(rest.join());
  return [city.country.zh, city.country.en].some((own) => plain(own) === country) ? city : undefined;
}

/** The year of a city as rows. */
export function monthsOf({ celsius, rainMm }: City): { month: number; celsius: number; rain_mm: number }[] {
  return celsius.map((value, index) => ({ month: index + 1, celsius: value, rain_mm: rainMm[index] }));
}
