import CastyCore
import CastyPlacement
import Testing

@Suite("Which entities to wake, and when")
struct ReminderScheduleTests {
    private func at(_ seconds: Int64) -> WallTime { WallTime(milliseconds: seconds * 1000) }

    @Test("what was read is woken at its time, again until it is handled, and then no more")
    func retries() {
        var schedule = ReminderSchedule()
        schedule.onRead("b", at: at(12), now: at(0))
        schedule.onRead("a", at: at(10), now: at(0))
        #expect(schedule.wait(now: at(0)) == .seconds(10))
        #expect(schedule.takeDue(now: at(9)) { _ in true } == [])
        #expect(schedule.takeDue(now: at(12)) { _ in true } == ["a", "b"])
        #expect(schedule.takeDue(now: at(13)) { _ in true } == [])
        schedule.onKnown("a", next: nil, now: at(13))
        #expect(schedule.takeDue(now: at(17)) { _ in true } == ["b"])
        schedule.onKnown("b", next: at(20), now: at(18))
        schedule.onRead("b", at: at(12), now: at(18))
        #expect(schedule.takeDue(now: at(19)) { _ in true } == [])
        #expect(schedule.takeDue(now: at(20)) { _ in true } == ["b"])
        schedule.onKnown("b", next: nil, now: at(21))
        #expect(schedule.count == 0)
        #expect(schedule.wait(now: at(21)) == ReminderSchedule.pollInterval)
    }

    @Test("what is far ahead stays in the store, and what has moved away is forgotten")
    func bounds() {
        var schedule = ReminderSchedule()
        schedule.onRead("far", at: at(31), now: at(0))
        #expect(schedule.count == 0)
        schedule.onRead("gone", at: at(5), now: at(0))
        schedule.onRead("here", at: at(5), now: at(0))
        #expect(schedule.takeDue(now: at(5)) { $0 == "here" } == ["here"])
        #expect(schedule.count == 1)
        for index in 0...ReminderSchedule.limit { schedule.onRead("e-\(index)", at: at(6), now: at(5)) }
        #expect(schedule.isFull)
        #expect(schedule.count == ReminderSchedule.limit)
        #expect(schedule.takeDue(now: at(7)) { _ in true }.count == ReminderSchedule.batch)
        #expect(schedule.wait(now: at(7)) == ReminderSchedule.pause)
    }

    @Test("times of the calendar are shown in UTC, and sums saturate")
    func wallTime() {
        #expect(WallTime(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
        #expect(WallTime(milliseconds: 951_782_400_000).description == "2000-02-29T00:00:00.000Z")
        #expect(WallTime(milliseconds: 1_767_225_599_999).description == "2025-12-31T23:59:59.999Z")
        #expect(WallTime(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(WallTime(milliseconds: .max) + .seconds(1) == WallTime(milliseconds: .max))
        #expect(WallTime(milliseconds: .min) + .seconds(-1) == WallTime(milliseconds: .min))
        #expect(at(5) - at(7) == .seconds(-2))
        #expect(WallTime(seconds: 1.5) == WallTime(milliseconds: 1500))
        #expect(WallTime(seconds: .nan) == WallTime(milliseconds: 0))
        #expect(WallTime(seconds: -.infinity) == WallTime(milliseconds: .min))
    }
}
