declare module "lexer-rules" {
  const states: Record<string, any[]>;
  export default states;
}
declare module "*.arch" {
  const text: string;
  export default text;
}
declare module "*.html" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
