import Foundation
import Testing

@testable import CastyCommand

@Suite("Lines of standard input")
struct LineInputTests {
    private func read(_ bytes: [UInt8]) -> [LineInput.Next] {
        let pipe = Pipe()
        let input = LineInput(pipe.fileHandleForReading.fileDescriptor, wakeup: Wakeup())
        pipe.fileHandleForWriting.write(Data(bytes))
        try? pipe.fileHandleForWriting.close()
        var found: [LineInput.Next] = []
        while found.last != .end {
            if let next = input.take() { found.append(next) } else { usleep(1000) }
        }
        return found
    }

    @Test("lines have numbers, with either kind of line end, and the last needs none", .timeLimit(.minutes(10)))
    func lines() {
        #expect(
            read(Array("a\r\n\nb".utf8)) == [
                .line("a", number: 1), .line("", number: 2), .line("b", number: 3), .end,
            ])
    }

    @Test("no input is an end, which stays", .timeLimit(.minutes(10)))
    func empty() { #expect(read([]) == [.end]) }

    @Test("a line without end is cut, bytes that are no text are replaced", .timeLimit(.minutes(10)))
    func hostile() throws {
        let found = read(Array(repeating: 0x78, count: 200_000) + [0x0A, 0xFF, 0x0A])
        guard case .line(let text, number: 1) = found[0] else {
            Issue.record("no line")
            return
        }
        #expect(text.utf8.count == LineInput.longest)
        #expect(found[1] == .line("\u{FFFD}", number: 2))
    }

    @Test("more lines than are held wait for their reader", .timeLimit(.minutes(10)))
    func many() {
        let found = read(Array((1...5000).map { "\($0)\n" }.joined().utf8))
        #expect(found.count == 5001)
        #expect(found[4999] == .line("5000", number: 5000))
    }
}
