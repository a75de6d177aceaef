import SluiceTestSupport

extension ValuePool {
    private static let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    private static func date(_ random: inout SeededRandom) -> String {
        let year = random.oneIn(4) ? random.number(in: 1...9_999) : random.number(in: 1_900...2_100)
        let month = random.number(in: 1...12)
        let day = random.twoDigits(1...lengths[month - 1])
        let text = String(year)
        return String(repeating: "0", count: 4 - text.count) + text
            + "-\(month < 10 ? "0" : "")\(month)-\(day)"
    }

    private static func time(_ random: inout SeededRandom) -> String {
        let minute = random.twoDigits(0...23) + ":" + random.twoDigits(0...59)
        if random.oneIn(6) { return minute }
        let second = minute + ":" + random.twoDigits(0...59)
        return random.oneIn(2) ? second : second + "." + random.digits(1...6)
    }

    private static func zone(_ random: inout SeededRandom, isUTC: Bool) -> String {
        let hour = random.pick(["+", "-"]) + random.twoDigits(0...15)
        let minute = random.twoDigits(0...59)
        let zones = ["Z", " UTC", hour, hour + minute, hour + ":" + minute, " " + hour + minute]
        return random.pick(isUTC ? zones + [""] : zones)
    }

    private static func separator(_ random: inout SeededRandom) -> String {
        random.pick([" ", " ", "T"])
    }

    // MARK: What else there is

    private static let oddDates = [
        "2023-02-29", "2024-02-29", "1900-02-29", "2000-02-29", "2023-04-31", "2023-13-01",
        "2023-00-10", "2023-01-00", "2023-01-32", "0000-01-01", "0001-01-01", "9999-12-31",
        "10000-01-01", "02023-01-01", "294276-12-31", "5874897-12-31", "5874898-01-01",
        "-0001-01-01",
        "2023-1-5", "2023-01-5", "23-01-05", "01-02-2023", "1/2/2023", "01/02/03", "2023/01/05",
        "2023.01.05", "05.01.2023", "20230105", "230105", "J2451187", "2023.005", "2023-005",
        "January 8, 1999", "Jan-08-1999", "8 Jan 1999", "1999-Jan-08", "99-Jan-08", "Jan 8 99 BC",
        "0044-03-15 BC", "2023-01-05 AD", "0001-01-01 BC", "4713-01-01 BC", "4714-11-24 BC",
        "4715-01-01 BC", "epoch", "infinity", "-infinity", "now", "today", "tomorrow", "yesterday",
        "2023-01-05 00:00:00", "2023-01-05T12:34:56Z", " 2023-01-05", "2023-01-05 ", "2023-01-05\n",
        "2023-01-05x", "2023-01-05+02", "2023-01-05 +02", "2023-01-05Z", "2023-01-05 UTC",
        "2023—01—05", "2023-01-0a", "2O23-01-05", "Thu 2023-01-05", "2023-W01-4", "allballs",
    ]

    private static let oddTimes = [
        "24:00:00", "24:00", "24:00:00.000001", "24:00:01", "23:59:60", "23:59:60.5", "12:34:60",
        "23:59:59.9999995", "23:59:59.9999994", "23:59:59.9999996", "23:59:59.999999999",
        "00:00:00.0000005", "00:00:00.0000015", "00:00:00.0000025", "00:00:00.4999995",
        "12:34:56.1234565", "12:34:56.123456501", "12:34:56.123456499", "12:34:56.1234567891",
        "12:34:56.12345678", "12:34:56.123456789012345678901", "12:34:56.", "12:34:.5", "12:34.5",
        "12:34:56,5", "12", "1234", "123456", "123456.5", "12:3", "12:3:4", "1:2:3", "1:02:03",
        "012:34:56", "12:60", "12:60:00", "25:00", "-01:00", "+01:00", "12:34:56 AM", "12:34:56 pm",
        "01:02 PM", "13:02 PM", "00:00 AM", "12:00 AM", "04:05:06.789-8", "040506-08", "T12:34:56",
        "T123456", "t12:34", "now", "allballs", "noon", "midnight", "12:34:56 UTC", "12:34:56Z",
        "12:34:56z", "12:34:56 PST", "12:34:56 America/New_York",
        "2023-07-05 12:34:56 America/New_York",
        "12:34:56+15:59", "12:34:56+15:59:59", "12:34:56+16", "12:34:56-15:59", "12:34:56-16:00",
        "12:34:56+1", "12:34:56+123", "12:34:56+1234", "12:34:56+12345", "12:34:56+123456",
        "12:34:56+02:60", "12:34:56+0260", "12:34:56 +02", "12:34:56  +02", "12:34:56+ 02",
        "12:34:56+02:", "12:34:56+02:3", "12:34:56++02", "12:34:56+-02", "12:34:56-00",
        "12:34:56-00:00",
        "12:34+02", "12:34Z", "12:34 UTC", "12:34:56.5+02", "12:34:56.5Z", "12:34:56.5 UTC",
        "12:34:56 utc", "12:34:56UTC", "12:34:56UTC+2", "12:34:56 UTC+2", "12:34:56 GMT",
        "12:34:56 Zulu",
        "12:34:56 z", "12:34:56  Z", "12:34:56 EST5EDT", "12:34:56+02 BC", "12:34:56 BC",
        "2023-01-05 12:34:56", "1a:34:56", "12:3a:56", "12:34:5a", "12:34:56a", "12:34:56.a",
        "12:34:56.5a", "12.34.56", "12;34;56", "12:34:56.+1", "12:34:56.5.5", "12:34:56.1e1",
    ]

    private static let oddMoments =
        oddDates
        + oddTimes.flatMap { ["2023-01-05 " + $0, "1999-12-31T" + $0, $0] } + [
            "2023-01-05t12:34:56", "2023-01-05  12:34:56", "2023-01-05 T12:34:56",
            "2023-01-05_12:34",
            "2023-01-05 12:34:56 BC", "0001-01-01 00:00:00+15:59", "9999-12-31 23:59:59-15:59",
            "9999-12-31 23:59:59.999999", "2023-12-31 23:59:59.9999999", "20230105T123456Z",
            "20230105T123456", "20230105 123456", "2023-01-05 12:34:56+02:00",
            "2023-03-26 02:30:00",
            "294276-12-31 23:59:59.999999", "294277-01-01 00:00:00", "4714-11-24 00:00:00 BC",
            "2023-01-05T12", "2023-01-05 12", "2023-01-05T", "2023-01-05 ", "2023-02-30 12:00:00",
            "2023-01-05T12:34:56.123456789Z", "2023-01-05T12:34:56.1234567+02:00",
            "Thu Jan 05 12:34:56 2023",
            "Thu Jan 05 12:34:56 2023 UTC", "2023-01-05-12:34:56", "2023-01-05 12:34:56.5 +0530",
            "now", "today 12:34", "tomorrow", "yesterday", "epoch", "infinity", "-infinity",
            "invalid",
        ]

    private static let momentAlphabet = "0123456789:-+. TZ/UCtzBeAPM"

    private static func clockType(_ name: String, _ modifier: String) -> ValuePool {
        ValuePool(
            "\(name)\(modifier)", odd: oddTimes + oddDates, alphabet: momentAlphabet
        ) { random, _ in time(&random) }
    }

    private static func zonedClock(_ modifier: String) -> ValuePool {
        ValuePool(
            "timetz\(modifier)", odd: oddTimes + oddDates, alphabet: momentAlphabet
        ) { random, isUTC in time(&random) + zone(&random, isUTC: isUTC) }
    }

    private static func moment(_ modifier: String) -> ValuePool {
        ValuePool("timestamp\(modifier)", odd: oddMoments, alphabet: momentAlphabet) { random, _ in
            let day = date(&random)
            if random.oneIn(10) { return day }
            let zone = random.oneIn(3) ? zone(&random, isUTC: true) : ""
            return day + separator(&random) + time(&random) + zone
        }
    }

    private static func zonedMoment(_ modifier: String) -> ValuePool {
        ValuePool(
            "timestamptz\(modifier)", odd: oddMoments, alphabet: momentAlphabet
        ) { random, isUTC in
            let day = date(&random)
            if isUTC, random.oneIn(10) { return day }
            return day + separator(&random) + time(&random) + zone(&random, isUTC: isUTC)
        }
    }

    // MARK: interval

    private static let oddIntervals = [
        "-1 day", "1 day -1 day", "1 day 1 day", "-1 year 2 mons",
        "1 year -2 mons +3 days -04:05:06",
        "@ 1 year", "1 year ago", "1.5 days", "1.5 hours", "1.5 years", "1day", "1d", "1 y 2 mon",
        "1-2", "1-2 3 4:5:6", "1 2:3:4", "1 02:03:04", "-1 02:03:04", "5", "5.5", "1:2", "01:02",
        "01:02:03", "1:02:03", "1:2:3", "100:00:00", "9999999:59:59", "99999999:59:59", "00:60:00",
        "00:00:60", "00:00:59.9999999", "01:02:03.1234567", "01:02:03.", "01:02.5", "P", "PT", "P1",
        "P1Y", "P1YT", "P1M", "PT1M", "P1MT1M", "P1W", "P1W2D", "P1D1W", "P1DT", "P1H", "PT1D",
        "P1Y2M3DT4H5M6S", "P1Y2M3DT4H5M6.789S", "PT1.5H", "PT0.5S", "PT.5S", "PT1.S",
        "PT6.1234567S",
        "P0001-02-03T04:05:06", "P00010203T040506", "P-1Y", "-P1Y", "p1y", "P1y", "P1Y1Y", "PT1S2S",
        "PT1H1H", "P 1Y", "P1Y ", "P1.5Y", "1 decade", "1 century", "1 millennium", "1 ms", "1 us",
        "1 millisecond", "1 microsecond", "1 week", "2 weeks 3 days", "3 days 2 weeks", "1 h",
        "1 m",
        "1 s", "1 sec", "1 min", "1 mins", "1 hr", "1 hrs", "1 month 1 mon", "1 hour 02:03:04",
        "02:03:04 1 hour", "02:03:04 1 day", "1 day 02:03:04 1 mon", "1 mon 1 year", "0 days",
        "1 DAY",
        "1 Days", "1  day", "1 day ", " 1 day", "1 day\t2 hours", "1 day, 2 hours",
        "1 day and 2 hours",
        "178956970 years", "178956971 years", "9999999 years", "9999999 weeks", "9999999 hours",
        "infinity", "-infinity", "1 timezone", "1 dow", "1 epoch", "1 quarter", "3 mons 00:00:00",
        "1 yr", "1 year 1 yr", "1 ye", "1 mont", "1 day 12:34", "1 day 12:34:56.5", "1 +2:03:04",
        "1 day +2:03:04", "+1 day", "2:03:04 AM", "1 year 2", "1 day 5", "5 1 day",
    ]

    private static func interval(_ modifier: String) -> ValuePool {
        ValuePool(
            "interval\(modifier)", odd: oddIntervals,
            alphabet: "0123456789 :.-+PTYMDHSWdayhourmonsec"
        ) { random, _ in
            let clock =
                random.twoDigits(0...99) + ":" + random.twoDigits(0...59) + ":"
                + random.twoDigits(0...59) + (random.oneIn(2) ? "" : "." + random.digits(1...6))
            if random.oneIn(3) {
                return random.pick([
                    "P1Y2M", "PT0S", "P3W", "P\(random.number(in: 0...99))DT5H6.5S",
                ])
            }
            let words = ["year", "years", "mons", "month", "months", "days", "day", "weeks"]
            let unit = random.pick(words)
            let first = "\(random.number(in: 0...1_000)) \(unit)"
            switch random.number(in: 0...3) {
            case 0: return clock
            case 1: return first
            case 2: return "1 year 2 mons \(random.number(in: 0...40)) days " + clock
            default: return first + " " + clock
            }
        }
    }

    static let times =
        [
            ValuePool("date", odd: oddMoments, alphabet: momentAlphabet) { random, _ in
                date(&random)
            }
        ]
        + ["", "(0)", "(3)", "(6)"].flatMap { modifier in
            [
                clockType("time", modifier), zonedClock(modifier), moment(modifier),
                zonedMoment(modifier), interval(modifier),
            ]
        }
}
