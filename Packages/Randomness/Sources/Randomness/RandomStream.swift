/// One of the independent sequences of a seed.
///
/// Whoever draws declares its stream beside the code that draws, as a static member, so that call sites read
/// `RandomGenerator(seed: 7, stream: .labelNoise)`. The number is what the generator sees: it decides the bits, and two
/// streams of one seed are independent if their numbers differ. The name is for people.
public struct RandomStream: Sendable, Hashable, CustomStringConvertible {
    /// For people; it decides nothing.
    public let name: String
    /// What decides the numbers: no two streams of a program have the same one.
    public let number: UInt64

    /// - Parameter number: one that no other stream of the program has.
    public init(_ name: String, number: UInt64) {
        self.name = name
        self.number = number
    }

    /// For a program that needs one sequence only.
    public static let main = RandomStream("main", number: 0)

    public var description: String { name }
}
