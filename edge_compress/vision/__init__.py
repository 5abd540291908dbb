"""Pure numpy and OpenCV: letterbox, boxes, NMS, output heads, encodings, drawing."""
