import Glibc
import Testing

@testable import CastyCommand

@Suite("Memory that only the start has needed")
struct StartupMemoryTests {
    /// The pages of this process that are in memory and belong to files.
    private static func mappedPages() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 200)
        _ = fgets(&line, Int32(line.count), file)
        let fields = line.prefix { $0 != 0 }.split(separator: 32).map {
            String(decoding: $0.map(UInt8.init), as: UTF8.self)
        }
        return try #require(fields.count > 2 ? Int(fields[2]) : nil)
    }

    @Test("Code is given back, and runs as before when it is used again")
    func release() throws {
        let before = try Self.mappedPages()
        let released = StartupMemory.release()
        let after = try Self.mappedPages()
        #expect(released > 1 << 20)
        #expect(after < before, "\(before) pages, then \(after)")
        #expect((1...20).map { String($0 * $0) }.joined(separator: ",").hasSuffix(",361,400"))
        #expect(StartupMemory.release() > 1 << 20)
    }
}
