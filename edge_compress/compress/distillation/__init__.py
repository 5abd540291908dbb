"""What a student is told by a teacher, besides labels: softened classes, features, attention."""
