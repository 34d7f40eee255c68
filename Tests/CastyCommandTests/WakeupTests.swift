import CastyCore
import Testing

@testable import CastyCommand

@Suite("The sleep of the testbed's thread")
struct WakeupTests {
    @Test("a signal before the sleep ends it at once, and any number of them count as one")
    func coalesces() {
        let wakeup = Wakeup()
        for _ in 0..<3 { wakeup.signal() }
        #expect(wakeup.wait(atMost: .seconds(60)))
        #expect(!wakeup.wait(atMost: .zero))
    }

    @Test("a signal after a sleep that nothing ended ends the next one")
    func afterTimeout() {
        let wakeup = Wakeup()
        #expect(!wakeup.wait(atMost: .milliseconds(1)))
        wakeup.signal()
        #expect(wakeup.wait())
        wakeup.signal()
        #expect(wakeup.wait())
    }

    @Test("a change before anyone listens is lost, and each later one is heard", .timeLimit(.minutes(1)))
    func listening() {
        let (changed, wakeup) = (ChangeSignal(), Wakeup())
        changed.signal()
        changed.listen { wakeup.signal() }
        #expect(!wakeup.wait(atMost: .zero))
        changed.signal()
        #expect(wakeup.wait())
    }
}
