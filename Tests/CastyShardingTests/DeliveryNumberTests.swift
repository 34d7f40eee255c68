import CastyCore
import CastyPlacement
import CastySerialization
import NIOCore
import Testing

@testable import CastySharding

/// The number of a delivery, which is set after the bytes that follow it.
@Suite("Numbers of deliveries")
struct DeliveryNumberTests {
    private static let numbers: [UInt64] =
        [0, 1, 127, 128, 300, 1 << 32, (1 << 56) - 1, 1 << 56, (1 << 63) - 1] + (1...62).map { (1 << $0) | 5 }

    private func bytes(of number: UInt64) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(DeliveryNumber.head(of: number), endianness: .little)
        buffer.writeInteger(UInt8(truncatingIfNeeded: number >> 56) & 0x7F)
        return buffer
    }

    @Test("a number is one that every reader of numbers reads", arguments: numbers)
    func written(number: UInt64) throws {
        var buffer = bytes(of: number)
        #expect(buffer.readableBytes == DeliveryNumber.size)
        #expect(DeliveryNumber.value(head: DeliveryNumber.head(of: number), last: UInt8(number >> 56)) == number)
        #expect(try buffer.readVarint() == number)
        #expect(buffer.readableBytes == 0)
    }

    @Test("a number that is shorter or longer is left to other readers")
    func others() {
        let head = DeliveryNumber.head(of: 1 << 40)
        #expect(DeliveryNumber.value(head: head, last: 0x80) == nil)
        for index in 0..<8 as Range<UInt64> {
            #expect(DeliveryNumber.value(head: head & ~(0x80 << (8 * index)), last: 0) == nil)
        }
    }

    @Test("the byte behind a number says whether the delivery is a retry and a question, or marks none")
    func marks() {
        #expect(DeliveryMarks(9, 0).map { [$0.isRetry, $0.asks == nil] } == [false, true])
        #expect(DeliveryMarks(9, 1).map { [$0.isRetry, $0.asks == nil] } == [true, true])
        for patience in [AskPatience.failFast, .waitForNewHome, .waitForNewNode] {
            let byte = RegionCommand.marks(isRetry: true, patience)
            #expect(DeliveryMarks(9, byte)?.asks == patience)
            #expect(DeliveryMarks(9, byte)?.sequence == 9)
        }
        #expect(DeliveryMarks(9, 0xFE) == nil)
    }
}
