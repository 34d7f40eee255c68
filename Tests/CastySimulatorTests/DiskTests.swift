import CastyCore
import CastySimulator
import Testing

@Suite("The simulated disk")
struct DiskTests {
    let disk = SimulatedDisk(generator: SeededGenerator(seed: 1))

    init() throws {
        try disk.append([1, 2, 3], to: "f", by: "n1")
        try disk.sync("f", by: "n1")
    }

    @Test("a crash loses what was appended and not synced, and no more")
    func crash() throws {
        try disk.append([4], to: "f", by: "n1")
        #expect(try disk.read("f", by: "n2") == [1, 2, 3, 4])
        disk.crash(of: "n2")
        #expect(try disk.read("f", by: "n2") == [1, 2, 3, 4])
        disk.crash(of: "n1")
        #expect(try disk.read("f", by: "n2") == [1, 2, 3])
    }

    @Test("a full disk takes nothing, gives what it has, and belongs to one node only")
    func full() throws {
        disk.set(.full, of: "n1")
        #expect(throws: DiskError.full) { try disk.append([4], to: "f", by: "n1") }
        #expect(throws: DiskError.full) { try disk.replace("f", with: [], by: "n1") }
        #expect(try disk.read("f", by: "n1") == [1, 2, 3])
        try disk.append([4], to: "f", by: "n2")
        disk.set(nil, of: "n1")
        #expect(try disk.read("f", by: "n1") == [1, 2, 3, 4])
    }

    @Test("a torn write leaves a part, and cannot be taken back while the trouble lasts")
    func torn() throws {
        disk.set(.torn, of: "n1")
        var lengths: Set<Int> = []
        for _ in 0..<40 {
            #expect(throws: DiskError.failed) { try disk.append([4, 5, 6, 7], to: "f", by: "n1") }
            #expect(throws: DiskError.failed) { try disk.replace("f", with: [], by: "n1") }
            let bytes = try disk.read("f", by: "n1")
            #expect(bytes == [1, 2, 3] + [4, 5, 6, 7].prefix(bytes.count - 3))
            lengths.insert(bytes.count)
            try disk.truncate("f", to: 3, by: "n2")
        }
        #expect(lengths == [3, 4, 5, 6])
    }

    @Test("a sync that fails loses what was not synced")
    func lostTail() throws {
        disk.set(.lostTail, of: "n1")
        try disk.append([4], to: "f", by: "n1")
        #expect(throws: DiskError.failed) { try disk.sync("f", by: "n1") }
        #expect(try disk.read("f", by: "n1") == [1, 2, 3])
    }

    @Test("a corrupt read flips one bit of what is read, and none of what is there")
    func corrupt() throws {
        disk.set(.corrupt, of: "n1")
        let read = try disk.read("f", by: "n1")
        #expect(zip(read, [1, 2, 3]).map { ($0 ^ UInt8($1)).nonzeroBitCount }.reduce(0, +) == 1)
        #expect(try disk.read("f", by: "n2") == [1, 2, 3])
    }

    @Test("a disk that fails does nothing")
    func failing() throws {
        disk.set(.failing, of: "n1")
        #expect(throws: DiskError.failed) { try disk.read("f", by: "n1") }
        #expect(throws: DiskError.failed) { try disk.append([4], to: "f", by: "n1") }
        #expect(throws: DiskError.failed) { try disk.truncate("f", to: 0, by: "n1") }
    }
}
