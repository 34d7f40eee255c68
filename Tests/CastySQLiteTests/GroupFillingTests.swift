import Testing

@testable import CastySQLite

@Suite("The filling of groups")
struct GroupFillingTests {
    private typealias Wait = GroupFilling.Wait

    @Test("A lone caller never waits")
    func alone() {
        var filling = GroupFilling()
        for _ in 0..<5 {
            #expect(filling.onBegin(waiting: 1) == nil)
            filling.onWritten(changes: 1, waiting: 0, in: .microseconds(300))
        }
    }

    @Test("A group waits for those that were answered, beside those that wait already, but for an eighth of them")
    func callers() {
        var filling = GroupFilling()
        filling.onWritten(changes: 24, waiting: 40, in: .microseconds(300))
        #expect(filling.onBegin(waiting: 40) == Wait(goal: 56, limit: .microseconds(300)))
        filling.onWaited(reached: true)
        filling.onWritten(changes: 56, waiting: 8, in: .microseconds(500))
        #expect(filling.onBegin(waiting: 8) == Wait(goal: 56, limit: .microseconds(500)))
        #expect(filling.onBegin(waiting: 56) == nil)
        filling.onWritten(changes: 1, waiting: 1, in: .microseconds(300))
        #expect(filling.onBegin(waiting: 1) == Wait(goal: 2, limit: .microseconds(300)))
    }

    @Test("No wait is longer than the bound")
    func slow() {
        var filling = GroupFilling()
        filling.onWritten(changes: 9, waiting: 0, in: .seconds(1))
        #expect(filling.onBegin(waiting: 1) == Wait(goal: 8, limit: .milliseconds(2)))
    }

    @Test("After waits in vain more and more groups begin at once, and after a good one every group may wait again")
    func vain() {
        var filling = GroupFilling()
        func waits() -> Bool {
            filling.onWritten(changes: 10, waiting: 0, in: .microseconds(300))
            return filling.onBegin(waiting: 1) != nil
        }
        for rest in [1, 2, 4, 8, 16, 32, 32] {
            #expect(waits())
            filling.onWaited(reached: false)
            for _ in 0..<rest { #expect(!waits()) }
        }
        #expect(waits())
        filling.onWaited(reached: true)
        #expect(waits())
        filling.onWaited(reached: false)
        #expect(!waits())
        #expect(waits())
    }
}
