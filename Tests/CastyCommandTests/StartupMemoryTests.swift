import Glibc
import Testing

@testable import CastyCommand

@Suite("Memory that only the start has needed")
struct StartupMemoryTests {
    /// The pages of this process that are in memory and belong to files.
    private static func mappedPages() throws -> Int { try pages(2) }

    /// A field of the kernel's count of pages.
    private static func pages(_ field: Int) throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 200)
        _ = fgets(&line, Int32(line.count), file)
        let fields = line.prefix { $0 != 0 }.split(separator: 32).map {
            String(decoding: $0.map(UInt8.init), as: UTF8.self)
        }
        return try #require(fields.count > field ? Int(fields[field]) : nil)
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

    @Test("What a node has freed is given back, though something above it on the heap is still in use")
    func freed() throws {
        // Blocks small enough to come from the heap itself; the last one keeps the heap from shrinking.
        let blocks = (0..<1_600).map { _ in
            let block = UnsafeMutableRawPointer.allocate(byteCount: 64 << 10, alignment: 16)
            block.initializeMemory(as: UInt8.self, repeating: 1, count: 64 << 10)
            return block
        }
        for block in blocks.dropLast() { block.deallocate() }
        let before = try Self.pages(1)
        FreedMemory.release()
        let after = try Self.pages(1)
        blocks.last?.deallocate()
        #expect(before - after > (32 << 20) / Int(getpagesize()), "\(before) pages, then \(after)")
    }
}
