/// The shortest text that reads back as the same number; whole numbers without a fraction.
public func numberText(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
}
