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

    @Test("a change before anyone listens is lost, and each later one is heard", .timeLimit(.minutes(10)))
    func listening() {
        let (changed, wakeup) = (ChangeSignal(), Wakeup())
        changed.signal()
        changed.listen { wakeup.signal() }
        #expect(!wakeup.wait(atMost: .zero))
        changed.signal()
        #expect(wakeup.wait())
    }

    @Test("a million changes cost the stack and the memory of one", .timeLimit(.minutes(10)))
    func manyChanges() {
        let (changed, wakeup) = (ChangeSignal(), Wakeup())
        changed.listen { wakeup.signal() }
        // Each would leave a wrapper around the listener if it were kept as a bare function: the last call would then
        // end the process.
        for _ in 0..<1_000_000 { changed.signal() }
        #expect(wakeup.wait())
        #expect(!wakeup.wait(atMost: .zero))
    }
}
