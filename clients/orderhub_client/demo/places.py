"""Where the demo's buyers live: real names of cities and districts, made-up addresses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A city, its centre in WGS84 degrees, and its share of the buyers."""

    province: str
    name: str
    lat: float
    lng: float
    share: float
    districts: tuple[str, ...]


# East China has half of the buyers. Dongguan and Zhongshan have no districts: none is missing.
CITIES = (
    City("上海市", "上海市", 31.2304, 121.4737, 17, ("浦东新区", "闵行区", "嘉定区", "徐汇区")),
    City("浙江省", "杭州市", 30.2741, 120.1551, 10, ("西湖区", "余杭区", "滨江区")),
    City("江苏省", "南京市", 32.0603, 118.7969, 8, ("鼓楼区", "江宁区", "玄武区")),
    City("江苏省", "苏州市", 31.2989, 120.5853, 9, ("姑苏区", "吴中区", "虎丘区")),
    City("浙江省", "宁波市", 29.8683, 121.5440, 6, ("海曙区", "鄞州区")),
    City("北京市", "北京市", 39.9042, 116.4074, 9, ("朝阳区", "海淀区", "丰台区")),
    City("广东省", "广州市", 23.1291, 113.2644, 8, ("天河区", "番禺区", "白云区")),
    City("广东省", "深圳市", 22.5431, 114.0579, 7, ("南山区", "福田区", "宝安区")),
    City("广东省", "东莞市", 23.0207, 113.7518, 4, ()),
    City("广东省", "中山市", 22.5176, 113.3926, 2, ()),
    City("湖北省", "武汉市", 30.5928, 114.3055, 7, ("洪山区", "江汉区", "武昌区")),
    City("四川省", "成都市", 30.5728, 104.0668, 7, ("武侯区", "锦江区", "成华区")),
    City("陕西省", "西安市", 34.3416, 108.9398, 4, ("雁塔区", "未央区")),
    City("山东省", "济南市", 36.6512, 117.1201, 2, ("历下区", "市中区")),
)
STREETS = (
    "人民路",
    "解放路",
    "建设大道",
    "中山路",
    "新华街",
    "和平路",
    "长江路",
    "学府街",
    "滨河路",
    "迎宾大道",
)
ESTATES = ("阳光花园", "金桂苑", "翠湖家园", "锦绣城", "东方名邸", "春江小区", "望江新城", "梧桐里")
FAMILY = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超霞平刚桂英华玉萍红"
